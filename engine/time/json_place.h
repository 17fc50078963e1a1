// SPDX-License-Identifier: MIT
// json_place -- where things stand in a JSON text that jansson has accepted already, for jansson
// does not tell.
#ifndef MEGA_JSON_PLACE_H
#define MEGA_JSON_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *at, *end;
    uint32_t line, column; ///< from 1; columns count characters
} mega_json_place;

mega_json_place mega_json_place_start(const char *text, size_t bytes);
/// Into a list or an object: to the first thing in it, or its closing bracket.
void mega_json_place_enter(mega_json_place *p);
/// Past a value, and the comma after it if there is one: to the next thing, or the closing bracket.
void mega_json_place_skip(mega_json_place *p);
/// To the value of a key of the object that begins here. @return false if it is not there as it is
/// spelled
bool mega_json_place_member(mega_json_place *p, const char *key);

#endif
