# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/180-return.edi" in.edi
