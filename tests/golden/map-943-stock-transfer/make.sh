# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/943-stock-transfer.edi" in.edi
