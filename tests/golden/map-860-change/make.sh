cp "$SAMPLES/860-change.edi" in.edi
