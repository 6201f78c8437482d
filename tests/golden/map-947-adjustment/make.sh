# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/947-adjustment.edi" in.edi
