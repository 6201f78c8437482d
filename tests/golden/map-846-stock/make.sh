# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/846-stock.edi" in.edi
