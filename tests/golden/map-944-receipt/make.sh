# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/944-receipt.edi" in.edi
