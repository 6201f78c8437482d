# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/810-invoice.edi" in.edi
