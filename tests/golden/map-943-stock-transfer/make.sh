cp "$SAMPLES/943-stock-transfer.edi" in.edi
