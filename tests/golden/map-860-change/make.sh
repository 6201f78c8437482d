# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/860-change.edi" in.edi
