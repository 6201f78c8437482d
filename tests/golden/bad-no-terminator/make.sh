# SPDX-License-Identifier: Apache-2.0
# Ten megabytes behind a good ISA, and no segment terminator in them.
{
	printf 'ISA*00*          *00*          *ZZ*HARBORSTORES   *ZZ*MYCOMPANY      *260105*0800*U*00401*000001001*0*P*>~'
	head -c 10485760 /dev/zero | tr '\0' 'A'
} >in.edi
