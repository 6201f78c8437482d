/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that are planted on purpose, each in a build of its own, so that the
 * tests of tests/fault prove that they would find it: "make fault-planted".
 *
 * PLANT is the number of one; it is not defined in any other build, and the
 * compiler then leaves out what stands behind PLANTED.  The build with POISON
 * takes few files at a time, too, so that few of them make many groups, and
 * takes smaller ones for large.
 */
#ifndef TALLYMAN_BASE_PLANT_H
#define TALLYMAN_BASE_PLANT_H

#define PLANT_POISON      1  /* words in a file make the parser do harm */
#define PLANT_REMOVE      2  /* removed from the mailbox before the commit */
#define PLANT_ANSWER      3  /* an answer is delivered before the commit */
#define PLANT_NUMBER      4  /* a control number has a commit of its own */
#define PLANT_DUPLICATE   5  /* a file that was taken is taken again */
#define PLANT_UPLOADED    6  /* a delivery has no state "uploaded" */
#define PLANT_FILE_SYNC   7  /* no fsync of a file that is delivered */
#define PLANT_FOLDER_SYNC 8  /* no fsync of folders of mailboxes */
#define PLANT_SYNCHRONOUS 9  /* the database syncs less than it must */
#define PLANT_LOCK        10 /* runs do not exclude each other */

#ifndef PLANT
#define PLANT 0
#endif
#define PLANTED(name) (PLANT == PLANT_##name)

#endif
