cp "$SAMPLES/855-acknowledgment.edi" in.edi
