cp "$SAMPLES/945-shipping-advice.edi" in.edi
