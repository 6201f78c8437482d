cp "$SAMPLES/856-pick-and-pack.edi" in.edi
