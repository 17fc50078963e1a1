// SPDX-License-Identifier: MIT
// json_place -- where things stand in a JSON text that jansson has accepted already, for jansson
// does not tell.
#ifndef JSON_PLACE_H
#define JSON_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *at, *end;
    uint32_t line, column; ///< from 1; columns count characters
} json_place;

json_place json_place_start(const char *text, size_t bytes);
/// Into a list or an object: to the first thing in it, or its closing bracket.
void json_place_enter(json_place *p);
/// Past a value, and the comma after it if there is one: to the next thing, or the closing bracket.
void json_place_skip(json_place *p);
/// To the value of a key of the object that begins here. @return false if it is not there as it is
/// spelled
bool json_place_member(json_place *p, const char *key);

#endif
