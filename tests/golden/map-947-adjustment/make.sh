cp "$SAMPLES/947-adjustment.edi" in.edi
