// What files need of the system that Swift's own import of the C library lacks.
#pragma once

// Renames a file unless the new name is taken: 0, or -1 with errno set (EEXIST where it is taken).
int nct_move_to_new_name(const char *from, const char *to);
