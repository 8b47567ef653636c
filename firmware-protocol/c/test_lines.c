/*
 * Lets another implementation compare itself with songhe_protocol.c.
 *
 *   test_lines decode    for each line `ack|time|command HEX`: what it says, or the number of its error
 *   test_lines encode    for each line `KIND HEADER FIELDS`: the bytes in hexadecimal, or the number of its error
 */
#include "songhe_protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 80000

static char line[LINE_BYTES_MAX];

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static int digit(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* Pairs of hexadecimal digits into bytes. */
static size_t read_hex(const char *text, uint8_t *bytes) {
    size_t length = 0;
    while (*text == ' ') text++;
    for (; digit(text[0]) >= 0; text += 2) {
        if (digit(text[1]) < 0 || length > SONGHE_FRAME_BYTES_MAX) fail("not bytes");
        bytes[length++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
    }
    return length;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

static void show_decoded(const char *kind, const uint8_t *payload, size_t size) {
    songhe_ack ack;
    songhe_time time;
    songhe_command command;
    songhe_result result;
    size_t i;
    if (strcmp(kind, "ack") == 0) {
        result = songhe_decode_ack(payload, size, &ack);
        if (result == SONGHE_OK) printf("ack %" PRIu64 " %d %" PRIu64 "\n", ack.boot_id, (int)ack.lane, ack.seq);
    } else if (strcmp(kind, "time") == 0) {
        result = songhe_decode_time(payload, size, &time);
        if (result == SONGHE_OK) printf("time %" PRIu64 "\n", time.wall_ms);
    } else {
        result = songhe_decode_command(payload, size, &command);
        if (result == SONGHE_OK) {
            printf("command %" PRIu64 " %u [", command.id, (unsigned)command.kind);
            for (i = 0; i < command.argument_count; i++) printf(i == 0 ? "%" PRId32 : " %" PRId32, command.arguments[i]);
            printf("] ");
            if (command.has_expiry) printf("%" PRIu64 "\n", command.expires_wall_ms);
            else printf("-\n");
        }
    }
    if (result != SONGHE_OK) printf("error %d\n", (int)result);
}

/* Decodes a copy that ends where the payload ends, so that a sanitizer sees a step beyond. */
static void decode_copy(const char *kind, const uint8_t *payload, size_t size) {
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL) fail("no memory");
    memcpy(copy, payload, size);
    show_decoded(kind, copy, size);
    free(copy);
}

static void decode_lines(void) {
    static uint8_t payload[SONGHE_FRAME_BYTES_MAX + 1];
    char kind[16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        int used = 0;
        if (sscanf(line, "%15s%n", kind, &used) != 1) fail("no kind");
        decode_copy(kind, payload, read_hex(line + used, payload));
    }
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

/* The next word of the line; a test that sends too few of them is wrong. */
static const char *word(void) {
    const char *next = strtok(NULL, " \n");
    if (next == NULL) fail("the line is too short");
    return next;
}

static uint64_t number(void) {
    return strtoull(word(), NULL, 10);
}

static int32_t value(void) {
    return (int32_t)strtol(word(), NULL, 10);
}

/* A number, or a minus for none. */
static bool optional_number(uint64_t *out) {
    const char *next = word();
    *out = 0;
    if (strcmp(next, "-") == 0) return false;
    *out = strtoull(next, NULL, 10);
    return true;
}

static songhe_header header_words(void) {
    songhe_header h;
    h.boot_id = number();
    h.lane = number() == 0 ? SONGHE_LANE_LIVE : SONGHE_LANE_BACKFILL;
    h.seq = number();
    h.monotonic_ms = number();
    h.has_wall = optional_number(&h.wall_ms);
    h.flags = (uint16_t)number();
    return h;
}

static void alarm_words(songhe_alarm *alarm) {
    uint64_t channel;
    alarm->kind = (uint16_t)number();
    alarm->raised = number() != 0;
    alarm->has_cause = optional_number(&channel);
    alarm->channel = (uint16_t)channel;
    alarm->value = alarm->has_cause ? value() : 0;
    alarm->attempt = (uint16_t)number();
}

static void state_words(songhe_state *state) {
    state->online = number() != 0;
    state->connection = (uint32_t)number();
    state->has_answer = optional_number(&state->command_id);
    state->outcome = state->has_answer ? (uint16_t)number() : 0;
}

/* The text of a firmware version comes in hexadecimal, as it may hold blanks. */
static void birth_words(songhe_birth *birth) {
    static char firmware[256];
    static uint16_t channels[SONGHE_CHANNELS_MAX + 1], commands[SONGHE_COMMANDS_MAX + 1];
    const char *hex;
    size_t i;
    birth->kind = (uint16_t)number();
    hex = word();
    firmware[strcmp(hex, "-") == 0 ? 0 : read_hex(hex, (uint8_t *)firmware)] = '\0';
    birth->firmware = firmware;
    birth->heartbeat_s = (uint16_t)number();
    birth->channel_count = (size_t)number();
    for (i = 0; i < birth->channel_count; i++) channels[i] = (uint16_t)number();
    birth->command_count = (size_t)number();
    for (i = 0; i < birth->command_count; i++) commands[i] = (uint16_t)number();
    birth->channels = channels;
    birth->commands = commands;
}

/* Writes readings from the words of the line. */
static songhe_result samples_words(uint8_t *out, size_t size, size_t *length, const songhe_header *h, bool live) {
    static songhe_sample samples[SONGHE_SAMPLES_MAX];
    const char *card = word();
    size_t count, i;
    /* A minus alone is a card number. */
    if (strcmp(card, ".") == 0) card = NULL;
    count = (size_t)number();
    if (count > SONGHE_SAMPLES_MAX) fail("too many samples");
    for (i = 0; i < count; i++) {
        samples[i].channel = (uint16_t)number();
        samples[i].value = value();
        samples[i].age_ms = (uint32_t)number();
    }
    return live ? songhe_encode_readings(out, size, length, h, samples, count, card)
                : songhe_encode_backfill(out, size, length, h, samples, count, card);
}

static songhe_result encode_line(uint8_t *out, size_t size, size_t *length) {
    const char *kind = strtok(line, " \n");
    songhe_header h;
    if (kind == NULL) fail("an empty line");
    h = header_words();
    if (strcmp(kind, "alarm") == 0) {
        songhe_alarm alarm;
        alarm_words(&alarm);
        return songhe_encode_alarm(out, size, length, &h, &alarm);
    }
    if (strcmp(kind, "birth") == 0) {
        songhe_birth birth;
        birth_words(&birth);
        return songhe_encode_birth(out, size, length, &h, &birth);
    }
    if (strcmp(kind, "state") == 0) {
        songhe_state state;
        state_words(&state);
        return songhe_encode_state(out, size, length, &h, &state);
    }
    return samples_words(out, size, length, &h, strcmp(kind, "readings") == 0);
}

static void encode_lines(void) {
    static uint8_t out[SONGHE_FRAME_BYTES_MAX];
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length, i;
        songhe_result result = encode_line(out, sizeof out, &length);
        if (result != SONGHE_OK) printf("error %d", (int)result);
        for (i = 0; i < length; i++) printf("%02x", (unsigned)out[i]);
        printf("\n");
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "decode") == 0) {
        decode_lines();
    } else if (argc == 2 && strcmp(argv[1], "encode") == 0) {
        encode_lines();
    } else {
        fprintf(stderr, "usage: test_lines decode|encode\n");
        return 2;
    }
    return 0;
}
