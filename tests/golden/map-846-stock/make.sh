cp "$SAMPLES/846-stock.edi" in.edi
