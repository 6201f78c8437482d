cp "$SAMPLES/180-return.edi" in.edi
