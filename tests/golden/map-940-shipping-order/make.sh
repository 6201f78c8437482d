cp "$SAMPLES/940-shipping-order.edi" in.edi
