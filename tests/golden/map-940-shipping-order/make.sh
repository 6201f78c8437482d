# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/940-shipping-order.edi" in.edi
