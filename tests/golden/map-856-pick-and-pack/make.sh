# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/856-pick-and-pack.edi" in.edi
