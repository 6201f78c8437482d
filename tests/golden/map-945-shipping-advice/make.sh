# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/945-shipping-advice.edi" in.edi
