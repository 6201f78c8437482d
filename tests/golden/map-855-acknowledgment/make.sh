# SPDX-License-Identifier: Apache-2.0
cp "$SAMPLES/855-acknowledgment.edi" in.edi
