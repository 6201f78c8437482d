cp "$SAMPLES/944-receipt.edi" in.edi
