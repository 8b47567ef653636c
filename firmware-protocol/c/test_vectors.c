/*
 * Checks songhe_protocol.c against every vector that a device writes or reads: test_vectors FOLDER...
 * Prints the names of those it checked; ends with a message at the first that does not hold.
 */
#include "songhe_protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 4096
#define FILE_BYTES_MAX 80000
#define CANARY 0xa5

static char **folders;
static int folder_count;

static void fail(const char *name, const char *what) {
    fprintf(stderr, "%s: %s\n", name, what);
    exit(1);
}

static int digit(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* Hexadecimal digits of a text into bytes, past blanks and comments. */
static size_t read_hex(const char *text, uint8_t *bytes, const char *name) {
    size_t digits = 0;
    for (; *text != '\0'; text++) {
        if (*text == '#') {
            while (*text != '\0' && *text != '\n') text++;
            if (*text == '\0') break;
        }
        if (*text == ' ' || *text == '\n') continue;
        if (digit(*text) < 0 || digits / 2 == SONGHE_FRAME_BYTES_MAX) fail(name, "not a vector");
        bytes[digits / 2] = (uint8_t)(digits % 2 == 0 ? digit(*text) << 4 : bytes[digits / 2] | digit(*text));
        digits++;
    }
    if (digits % 2 != 0) fail(name, "half a byte");
    return digits / 2;
}

static size_t read_vector(const char *name, uint8_t *bytes) {
    static char text[FILE_BYTES_MAX];
    char path[PATH_BYTES_MAX];
    int i;
    for (i = 0; i < folder_count; i++) {
        FILE *file;
        size_t length;
        snprintf(path, sizeof path, "%s/%s.hex", folders[i], name);
        file = fopen(path, "r");
        if (file == NULL) continue;
        length = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[length] = '\0';
        return read_hex(text, bytes, name);
    }
    fail(name, "no such vector");
    return 0;
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

/* Any upward message. */
typedef struct {
    enum { READINGS, BACKFILL, BIRTH, ALARM, STATE } kind;
    songhe_header header;
    const songhe_sample *samples;
    size_t sample_count;
    const char *card;
    songhe_birth birth;
    songhe_alarm alarm;
    songhe_state state;
} message;

static songhe_result encode(const message *m, uint8_t *out, size_t size, size_t *length) {
    switch (m->kind) {
    case READINGS:
        return songhe_encode_readings(out, size, length, &m->header, m->samples, m->sample_count, m->card);
    case BACKFILL:
        return songhe_encode_backfill(out, size, length, &m->header, m->samples, m->sample_count, m->card);
    case BIRTH:
        return songhe_encode_birth(out, size, length, &m->header, &m->birth);
    case ALARM:
        return songhe_encode_alarm(out, size, length, &m->header, &m->alarm);
    case STATE:
        return songhe_encode_state(out, size, length, &m->header, &m->state);
    }
    return SONGHE_OUT_OF_RANGE;
}

/* The message is the vector; a smaller buffer is refused and nothing is written behind it. */
static void check_written(const char *name, const message *m) {
    static uint8_t expected[SONGHE_FRAME_BYTES_MAX];
    size_t expected_length = read_vector(name, expected), size, length;
    for (size = 0; size <= expected_length + 1; size++) {
        /* Exactly as large as it says, so that a sanitizer sees a step beyond. */
        uint8_t *out = malloc(size == 0 ? 1 : size);
        songhe_result result;
        if (out == NULL) fail(name, "no memory");
        memset(out, CANARY, size == 0 ? 1 : size);
        length = 99;
        result = encode(m, out, size, &length);
        if (size < expected_length) {
            if (result != SONGHE_BUFFER_FULL || length != 0) fail(name, "a buffer that is too small is not refused");
            if (size == 0 && out[0] != CANARY) fail(name, "written past the end");
        } else {
            if (result != SONGHE_OK) fail(name, "not written");
            if (length != expected_length || memcmp(out, expected, length) != 0) fail(name, "other bytes");
            if (size > expected_length && out[expected_length] != CANARY) fail(name, "written past the end");
        }
        free(out);
    }
    printf("%s\n", name);
}

static const uint64_t BOOT_ID = UINT64_C(0x1122334455667788);
static const uint64_t WALL_MS = UINT64_C(1790000000000);

static songhe_header header(songhe_lane lane, uint64_t seq) {
    songhe_header h = {0, SONGHE_LANE_LIVE, 0, 61000, false, 0, 0};
    h.boot_id = BOOT_ID;
    h.lane = lane;
    h.seq = seq;
    return h;
}

static songhe_header synced(songhe_lane lane, uint64_t seq) {
    songhe_header h = header(lane, seq);
    h.has_wall = true;
    h.wall_ms = WALL_MS;
    h.flags = SONGHE_FLAG_CLOCK_SYNCED;
    return h;
}

static void check_samples(const char *name, songhe_header h, const songhe_sample *samples, size_t count,
                          const char *card) {
    message m = {READINGS, {0}, NULL, 0, NULL, {0}, {0}, {0}};
    m.kind = h.lane == SONGHE_LANE_LIVE ? READINGS : BACKFILL;
    m.header = h;
    m.samples = samples;
    m.sample_count = count;
    m.card = card;
    check_written(name, &m);
}

static void check_readings(void) {
    const songhe_sample one[] = {{SONGHE_CHANNEL_ROOM_TEMPERATURE, 215, 0}};
    const songhe_sample six[] = {
        {SONGHE_CHANNEL_BLOOD_PRESSURE_SYSTOLIC, 128, 0}, {SONGHE_CHANNEL_BLOOD_PRESSURE_DIASTOLIC, 76, 0},
        {SONGHE_CHANNEL_PULSE, 71, 0},                    {SONGHE_CHANNEL_ROOM_TEMPERATURE, -5, 0},
        {SONGHE_CHANNEL_ROOM_HUMIDITY, 612, 0},           {SONGHE_CHANNEL_DOOR, 1, 1500},
    };
    const songhe_sample kiosk[] = {
        {SONGHE_CHANNEL_BLOOD_PRESSURE_SYSTOLIC, 144, 0}, {SONGHE_CHANNEL_BLOOD_PRESSURE_DIASTOLIC, 84, 0},
        {SONGHE_CHANNEL_PULSE, 72, 0},                    {SONGHE_CHANNEL_OXYGEN_SATURATION, 97, 0},
        {SONGHE_CHANNEL_BODY_TEMPERATURE, 366, 0},
    };
    const songhe_sample all[] = {
        {SONGHE_CHANNEL_BLOOD_PRESSURE_SYSTOLIC, 128, 0},
        {SONGHE_CHANNEL_BLOOD_PRESSURE_DIASTOLIC, 76, 0},
        {SONGHE_CHANNEL_PULSE, 71, 0},
        {SONGHE_CHANNEL_OXYGEN_SATURATION, 97, 0},
        {SONGHE_CHANNEL_GLUCOSE, 58, 0},
        {SONGHE_CHANNEL_BODY_TEMPERATURE, 365, 0},
        {SONGHE_CHANNEL_WEIGHT, 634, 0},
        {SONGHE_CHANNEL_ROOM_TEMPERATURE, 215, 0},
        {SONGHE_CHANNEL_ROOM_HUMIDITY, 612, 0},
        {SONGHE_CHANNEL_DOOR, 1, 0},
        {SONGHE_CHANNEL_PRESENCE, 1, 0},
        {SONGHE_CHANNEL_SOS, 0, 0},
        {SONGHE_CHANNEL_SMOKE, 3, 0},
        {SONGHE_CHANNEL_HEAT, 241, 0},
        {SONGHE_CHANNEL_CARBON_MONOXIDE, 4, 0},
        {SONGHE_CHANNEL_GAS, 0, 0},
        {SONGHE_CHANNEL_WATER_PRESSURE, 352, 0},
        {SONGHE_CHANNEL_TANK_LEVEL, 185, 0},
        {SONGHE_CHANNEL_RESIDUAL_CURRENT, 42, 0},
        {SONGHE_CHANNEL_CABINET_DOOR, 0, 0},
        {SONGHE_CHANNEL_CALL_POINT, 0, 0},
    };
    const songhe_sample kept[] = {
        {SONGHE_CHANNEL_ROOM_TEMPERATURE, -5, SONGHE_SAMPLE_AGE_MS_MAX},
        {SONGHE_CHANNEL_ROOM_HUMIDITY, 612, 3600000},
        {SONGHE_CHANNEL_DOOR, 0, 0},
    };
    const songhe_sample extremes[] = {{UINT16_MAX, INT32_MIN, SONGHE_SAMPLE_AGE_MS_MAX}, {1, INT32_MAX, 0}};
    const songhe_header widest = {UINT64_MAX, SONGHE_LANE_LIVE, UINT64_MAX, UINT64_MAX, true, UINT64_MAX, UINT16_MAX};
    check_samples("readings-one", header(SONGHE_LANE_LIVE, 0), one, 1, NULL);
    check_samples("readings-six", synced(SONGHE_LANE_LIVE, 4711), six, 6, NULL);
    check_samples("readings-backfill-empty", header(SONGHE_LANE_BACKFILL, 9), NULL, 0, NULL);
    check_samples("readings-card", synced(SONGHE_LANE_LIVE, 42), kiosk, 5, "JJ-0000-0042");
    check_samples("readings-all-channels", header(SONGHE_LANE_LIVE, 100), all, sizeof all / sizeof all[0], NULL);
    check_samples("backfill-three", synced(SONGHE_LANE_BACKFILL, 0), kept, 3, NULL);
    check_samples("readings-extremes", widest, extremes, 2, NULL);
}

static void check_alarm(const char *name, songhe_header h, songhe_alarm alarm) {
    message m = {ALARM, {0}, NULL, 0, NULL, {0}, {0}, {0}};
    m.header = h;
    m.alarm = alarm;
    check_written(name, &m);
}

static void check_alarms(void) {
    const songhe_alarm sos = {SONGHE_ALARM_SOS, true, false, 0, 0, 0};
    const songhe_alarm smoke = {SONGHE_ALARM_SMOKE, false, true, SONGHE_CHANNEL_SMOKE, 12, 4};
    const songhe_alarm fall = {SONGHE_ALARM_FALL, true, false, 0, 0, UINT16_MAX};
    const songhe_alarm unknown = {900, true, true, 901, -1, 0};
    check_alarm("alarm-sos", synced(SONGHE_LANE_LIVE, 3), sos);
    check_alarm("alarm-smoke-over", header(SONGHE_LANE_LIVE, 18), smoke);
    check_alarm("alarm-fall-again", header(SONGHE_LANE_LIVE, 5), fall);
    check_alarm("alarm-unknown-kind", header(SONGHE_LANE_LIVE, 6), unknown);
}

static void check_birth(const char *name, songhe_header h, songhe_birth birth) {
    message m = {BIRTH, {0}, NULL, 0, NULL, {0}, {0}, {0}};
    m.header = h;
    m.birth = birth;
    check_written(name, &m);
}

static void check_births(void) {
    const uint16_t two[] = {SONGHE_CHANNEL_ROOM_TEMPERATURE, SONGHE_CHANNEL_SOS};
    const uint16_t five[] = {1, 2, 3, 4, 6};
    const uint16_t fire[] = {64, 65, 66, 67, 68, 69, 70, 71, 72};
    const uint16_t commands[] = {SONGHE_COMMAND_IDENTIFY,       SONGHE_COMMAND_REPORT,    SONGHE_COMMAND_INTERVAL,
                                 SONGHE_COMMAND_ALARM_ANSWERED, SONGHE_COMMAND_SELF_TEST, SONGHE_COMMAND_RESTART,
                                 SONGHE_COMMAND_LIMITS};
    const songhe_birth station = {SONGHE_DEVICE_STATION, "2.4.1", 30, two, 2, NULL, 0};
    const songhe_birth kiosk = {SONGHE_DEVICE_STATION, "3.0.0-rc1", 60, five, 5, commands, 7};
    const songhe_birth gateway = {SONGHE_DEVICE_FIRE, "", UINT16_MAX, fire, 9, NULL, 0};
    check_birth("birth-station", header(SONGHE_LANE_LIVE, 0), station);
    check_birth("birth-kiosk", header(SONGHE_LANE_LIVE, 0), kiosk);
    check_birth("birth-fire", synced(SONGHE_LANE_LIVE, 10), gateway);
}

static void check_state(const char *name, songhe_header h, songhe_state state) {
    message m = {STATE, {0}, NULL, 0, NULL, {0}, {0}, {0}};
    m.header = h;
    m.state = state;
    check_written(name, &m);
}

static void check_states(void) {
    const songhe_state will = {false, 2, false, 0, 0};
    const songhe_state online = {true, 7, false, 0, 0};
    const songhe_state answer = {true, 7, true, 17, SONGHE_OUTCOME_DONE};
    check_state("state-will", header(SONGHE_LANE_LIVE, 0), will);
    check_state("state-online", header(SONGHE_LANE_LIVE, 1), online);
    check_state("state-answer", header(SONGHE_LANE_LIVE, 9), answer);
}

static void expect(songhe_result result, songhe_result expected, const char *what) {
    if (result != expected) fail(what, "another result");
}

/* One below each limit, at it, and one beyond it. */
static void check_limits(void) {
    static uint8_t out[SONGHE_FRAME_BYTES_MAX];
    static songhe_sample samples[SONGHE_SAMPLES_MAX + 1];
    static uint16_t codes[SONGHE_CHANNELS_MAX + 1];
    char text[SONGHE_DEVICE_ID_BYTES_MAX + 2], topic[SONGHE_TOPIC_BYTES_MAX + 1];
    songhe_header h = header(SONGHE_LANE_LIVE, 0);
    songhe_birth birth = {1, "", 30, codes, 0, codes, 0};
    songhe_sample sample = {1, 0, 0};
    songhe_alarm alarm = {1, true, false, 0, 0, 0};
    songhe_state state = {true, 1, false, 0, 0};
    size_t length, n;
    for (n = SONGHE_SAMPLES_MAX - 1; n <= SONGHE_SAMPLES_MAX + 1; n++) {
        expect(songhe_encode_readings(out, sizeof out, &length, &h, samples, n, NULL),
               n <= SONGHE_SAMPLES_MAX ? SONGHE_OK : SONGHE_OUT_OF_RANGE, "samples");
    }
    for (n = SONGHE_SAMPLE_AGE_MS_MAX - 1; n <= SONGHE_SAMPLE_AGE_MS_MAX + 1; n++) {
        sample.age_ms = (uint32_t)n;
        expect(songhe_encode_readings(out, sizeof out, &length, &h, &sample, 1, NULL),
               n <= SONGHE_SAMPLE_AGE_MS_MAX ? SONGHE_OK : SONGHE_OUT_OF_RANGE, "age");
    }
    for (n = 0; n <= SONGHE_DEVICE_ID_BYTES_MAX + 1; n++) {
        memset(text, '7', n);
        text[n] = '\0';
        expect(songhe_encode_readings(out, sizeof out, &length, &h, samples, 1, text),
               n >= 1 && n <= SONGHE_CARD_NUMBER_BYTES_MAX ? SONGHE_OK : SONGHE_OUT_OF_RANGE, "card");
        birth.firmware = text;
        expect(songhe_encode_birth(out, sizeof out, &length, &h, &birth),
               n <= SONGHE_FIRMWARE_VERSION_BYTES_MAX ? SONGHE_OK : SONGHE_OUT_OF_RANGE, "firmware");
        expect(songhe_write_topic(topic, sizeof topic, text, SONGHE_TOPIC_STATE),
               n >= 1 && n <= SONGHE_DEVICE_ID_BYTES_MAX ? SONGHE_OK : SONGHE_OUT_OF_RANGE, "device id");
    }
    birth.firmware = "1";
    for (n = 0; n <= SONGHE_CHANNELS_MAX + 1; n++) {
        birth.channel_count = n;
        birth.command_count = 0;
        expect(songhe_encode_birth(out, sizeof out, &length, &h, &birth),
               n <= SONGHE_CHANNELS_MAX ? SONGHE_OK : SONGHE_OUT_OF_RANGE, "channels");
        birth.channel_count = 0;
        birth.command_count = n;
        expect(songhe_encode_birth(out, sizeof out, &length, &h, &birth),
               n <= SONGHE_COMMANDS_MAX ? SONGHE_OK : SONGHE_OUT_OF_RANGE, "commands");
    }
    expect(songhe_encode_readings(out, sizeof out, &length, &h, samples, 1, "a b"), SONGHE_OUT_OF_RANGE, "card");
    birth.command_count = 0;
    birth.firmware = "1\n";
    expect(songhe_encode_birth(out, sizeof out, &length, &h, &birth), SONGHE_OUT_OF_RANGE, "firmware");
    expect(songhe_write_topic(topic, sizeof topic, "a/b", SONGHE_TOPIC_UP), SONGHE_OUT_OF_RANGE, "device id");
    expect(songhe_write_topic(topic, sizeof topic, "a", (songhe_topic)8), SONGHE_OUT_OF_RANGE, "topic");
    expect(songhe_encode_backfill(out, sizeof out, &length, &h, samples, 1, NULL), SONGHE_LANE, "lane");
    h.lane = SONGHE_LANE_BACKFILL;
    expect(songhe_encode_readings(out, sizeof out, &length, &h, samples, 1, NULL), SONGHE_LANE, "lane");
    expect(songhe_encode_birth(out, sizeof out, &length, &h, &birth), SONGHE_LANE, "lane");
    expect(songhe_encode_alarm(out, sizeof out, &length, &h, &alarm), SONGHE_LANE, "lane");
    expect(songhe_encode_state(out, sizeof out, &length, &h, &state), SONGHE_LANE, "lane");
}

/* The stated sizes are those of the largest messages. */
static void check_sizes(void) {
    static uint8_t out[SONGHE_FRAME_BYTES_MAX];
    static songhe_sample samples[SONGHE_SAMPLES_MAX];
    static uint16_t codes[SONGHE_CHANNELS_MAX];
    const char *text = "12345678901234567890123456789012";
    songhe_header h = {UINT64_MAX, SONGHE_LANE_LIVE, UINT64_MAX, UINT64_MAX, true, UINT64_MAX, UINT16_MAX};
    songhe_birth birth = {UINT16_MAX, NULL, UINT16_MAX, codes, SONGHE_CHANNELS_MAX, codes, SONGHE_COMMANDS_MAX};
    songhe_alarm alarm = {UINT16_MAX, true, true, UINT16_MAX, INT32_MIN, UINT16_MAX};
    songhe_state state = {true, UINT32_MAX, true, UINT64_MAX, UINT16_MAX};
    size_t length, i;
    for (i = 0; i < SONGHE_SAMPLES_MAX; i++) {
        samples[i].channel = UINT16_MAX;
        samples[i].value = INT32_MIN;
        samples[i].age_ms = SONGHE_SAMPLE_AGE_MS_MAX;
    }
    for (i = 0; i < SONGHE_CHANNELS_MAX; i++) codes[i] = UINT16_MAX;
    birth.firmware = text;
    expect(songhe_encode_readings(out, sizeof out, &length, &h, samples, SONGHE_SAMPLES_MAX, text), SONGHE_OK, "samples");
    if (length != 4 + SONGHE_HEADER_BYTES + SONGHE_SAMPLES_MAX * SONGHE_SAMPLE_BYTES + 3 + SONGHE_CARD_NUMBER_BYTES_MAX) {
        fail("readings", "another size");
    }
    expect(songhe_encode_birth(out, sizeof out, &length, &h, &birth), SONGHE_OK, "birth");
    if (length != SONGHE_BIRTH_BYTES) fail("birth", "another size");
    expect(songhe_encode_alarm(out, sizeof out, &length, &h, &alarm), SONGHE_OK, "alarm");
    if (length != SONGHE_ALARM_BYTES) fail("alarm", "another size");
    expect(songhe_encode_state(out, sizeof out, &length, &h, &state), SONGHE_OK, "state");
    if (length != SONGHE_STATE_BYTES) fail("state", "another size");
}

static void check_topics(void) {
    static const char *const expected[] = {
        "songhe/v1/ST-1/up",    "songhe/v1/ST-1/bf",  "songhe/v1/ST-1/alarm", "songhe/v1/ST-1/birth",
        "songhe/v1/ST-1/state", "songhe/v1/ST-1/ack", "songhe/v1/ST-1/cmd",   "songhe/v1/ST-1/time",
    };
    size_t i, size;
    for (i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        for (size = 0; size <= strlen(expected[i]) + 1; size++) {
            char *out = malloc(size == 0 ? 1 : size);
            songhe_result result;
            if (out == NULL) fail("topic", "no memory");
            result = songhe_write_topic(out, size, "ST-1", (songhe_topic)i);
            expect(result, size <= strlen(expected[i]) ? SONGHE_BUFFER_FULL : SONGHE_OK, "topic");
            if (result == SONGHE_OK && strcmp(out, expected[i]) != 0) fail("topic", "another text");
            free(out);
        }
    }
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

static void check_ack(const char *name, uint64_t boot_id, songhe_lane lane, uint64_t seq) {
    static uint8_t payload[SONGHE_FRAME_BYTES_MAX];
    songhe_ack ack;
    size_t size = read_vector(name, payload), cut;
    expect(songhe_decode_ack(payload, size, &ack), SONGHE_OK, name);
    if (ack.boot_id != boot_id || ack.lane != lane || ack.seq != seq) fail(name, "other fields");
    for (cut = 0; cut < size; cut++) {
        if (songhe_decode_ack(payload, cut, &ack) == SONGHE_OK) fail(name, "taken although cut");
    }
    printf("%s\n", name);
}

static void check_time(const char *name, uint64_t wall_ms) {
    static uint8_t payload[SONGHE_FRAME_BYTES_MAX];
    songhe_time time;
    size_t size = read_vector(name, payload), cut;
    expect(songhe_decode_time(payload, size, &time), SONGHE_OK, name);
    if (time.wall_ms != wall_ms) fail(name, "other fields");
    for (cut = 0; cut < size; cut++) {
        if (songhe_decode_time(payload, cut, &time) == SONGHE_OK) fail(name, "taken although cut");
    }
    printf("%s\n", name);
}

static void check_command(const char *name, uint64_t id, uint16_t kind, const int32_t *arguments, size_t count,
                          uint64_t expires_wall_ms) {
    static uint8_t payload[SONGHE_FRAME_BYTES_MAX];
    songhe_command command;
    size_t size = read_vector(name, payload), i, cut;
    expect(songhe_decode_command(payload, size, &command), SONGHE_OK, name);
    if (command.id != id || command.kind != kind || command.argument_count != count) fail(name, "other fields");
    if (command.has_expiry != (expires_wall_ms != 0)) fail(name, "other fields");
    if (command.has_expiry && command.expires_wall_ms != expires_wall_ms) fail(name, "other fields");
    for (i = 0; i < count; i++) {
        if (command.arguments[i] != arguments[i]) fail(name, "other arguments");
    }
    for (cut = 0; cut < size; cut++) {
        if (songhe_decode_command(payload, cut, &command) == SONGHE_OK) fail(name, "taken although cut");
    }
    printf("%s\n", name);
}

static void check_read(void) {
    const int32_t identify[] = {30}, interval[] = {32, 60}, answered[] = {SONGHE_ALARM_SOS};
    const int32_t limits[] = {SONGHE_CHANNEL_BODY_TEMPERATURE, 1, 385, 380};
    const int32_t extremes[] = {INT32_MIN, INT32_MAX, 0, -1, 23, 24, -24, -25};
    check_ack("ack", BOOT_ID, SONGHE_LANE_BACKFILL, 300);
    check_ack("ack-extremes", UINT64_MAX, SONGHE_LANE_LIVE, UINT64_MAX);
    check_ack("ack-newer-sender", BOOT_ID, SONGHE_LANE_LIVE, 5);
    check_time("time", WALL_MS);
    check_time("time-epoch", 0);
    check_time("time-newer-sender", WALL_MS);
    check_command("command-identify", 17, SONGHE_COMMAND_IDENTIFY, identify, 1, 0);
    check_command("command-report", 18, SONGHE_COMMAND_REPORT, NULL, 0, 0);
    check_command("command-interval", 19, SONGHE_COMMAND_INTERVAL, interval, 2, 0);
    check_command("command-alarm-answered", 20, SONGHE_COMMAND_ALARM_ANSWERED, answered, 1, WALL_MS);
    check_command("command-self-test", 21, SONGHE_COMMAND_SELF_TEST, NULL, 0, 0);
    check_command("command-restart", 22, SONGHE_COMMAND_RESTART, NULL, 0, WALL_MS);
    check_command("command-limits", 23, SONGHE_COMMAND_LIMITS, limits, 4, 0);
    check_command("command-limits-off", 24, SONGHE_COMMAND_LIMITS, limits, 2, 0);
    check_command("command-unknown", UINT64_MAX, UINT16_MAX, extremes, 8, UINT64_MAX);
    check_command("command-newer-sender", 25, SONGHE_COMMAND_REPORT, NULL, 0, 0);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: test_vectors FOLDER...\n");
        return 2;
    }
    folders = argv + 1;
    folder_count = argc - 1;
    check_readings();
    check_alarms();
    check_births();
    check_states();
    check_limits();
    check_sizes();
    check_topics();
    check_read();
    return 0;
}
