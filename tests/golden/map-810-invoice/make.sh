cp "$SAMPLES/810-invoice.edi" in.edi
