#include "songhe_protocol.h"

#include <string.h>

/* ---- writing ---------------------------------------------------------------------------------------------- */

typedef struct {
    uint8_t *out;
    size_t size;
    size_t at;
    songhe_result result; /* the first error stays */
} writer;

static writer begin(uint8_t *out, size_t size) {
    writer to = {out, size < SONGHE_FRAME_BYTES_MAX ? size : SONGHE_FRAME_BYTES_MAX, 0, SONGHE_OK};
    return to;
}

static songhe_result end(const writer *to, size_t *length) {
    *length = to->result == SONGHE_OK ? to->at : 0;
    return to->result;
}

static void put_bytes(writer *to, const void *bytes, size_t count) {
    if (to->result != SONGHE_OK) return;
    if (to->size - to->at < count) {
        to->result = SONGHE_BUFFER_FULL;
        return;
    }
    if (count != 0) memcpy(to->out + to->at, bytes, count);
    to->at += count;
}

static void put_byte(writer *to, uint8_t byte) {
    put_bytes(to, &byte, 1);
}

/* The head of an item in its shortest form. */
static void put_head(writer *to, uint8_t major, uint64_t argument) {
    uint8_t bytes[9];
    size_t width, i;
    uint8_t info;
    if (argument < 24) {
        put_byte(to, (uint8_t)(major << 5 | (uint8_t)argument));
        return;
    }
    if (argument <= 0xff) {
        width = 1, info = 24;
    } else if (argument <= 0xffff) {
        width = 2, info = 25;
    } else if (argument <= 0xffffffff) {
        width = 4, info = 26;
    } else {
        width = 8, info = 27;
    }
    bytes[0] = (uint8_t)(major << 5 | info);
    for (i = 0; i < width; i++) bytes[1 + i] = (uint8_t)(argument >> 8 * (width - 1 - i));
    put_bytes(to, bytes, 1 + width);
}

static void put_array(writer *to, size_t count) {
    put_head(to, 4, count);
}

static void put_uint(writer *to, uint64_t value) {
    put_head(to, 0, value);
}

static void put_int(writer *to, int32_t value) {
    if (value < 0) {
        put_head(to, 1, (uint64_t)(-1 - (int64_t)value));
    } else {
        put_head(to, 0, (uint64_t)value);
    }
}

static void put_bool(writer *to, bool value) {
    put_byte(to, value ? 0xf5 : 0xf4);
}

static void put_null(writer *to) {
    put_byte(to, 0xf6);
}

static void put_text(writer *to, const char *text, size_t length) {
    put_head(to, 3, length);
    put_bytes(to, text, length);
}

/* Length of a text of at most max bytes; max + 1 where it is longer. Looks at no byte behind that. */
static size_t length_within(const char *text, size_t max) {
    size_t length = 0;
    while (length <= max && text[length] != '\0') length++;
    return length;
}

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_card(const char *card, size_t *length) {
    size_t i;
    *length = length_within(card, SONGHE_CARD_NUMBER_BYTES_MAX);
    if (*length == 0 || *length > SONGHE_CARD_NUMBER_BYTES_MAX) return false;
    for (i = 0; i < *length; i++) {
        if (!is_letter_or_digit(card[i]) && card[i] != '-') return false;
    }
    return true;
}

static bool is_firmware(const char *text, size_t *length) {
    size_t i;
    *length = length_within(text, SONGHE_FIRMWARE_VERSION_BYTES_MAX);
    if (*length > SONGHE_FIRMWARE_VERSION_BYTES_MAX) return false;
    for (i = 0; i < *length; i++) {
        if (text[i] < ' ' || text[i] > '~') return false;
    }
    return true;
}

static void put_header(writer *to, const songhe_header *header) {
    put_array(to, 7);
    put_uint(to, SONGHE_PROTOCOL_VERSION);
    put_uint(to, header->boot_id);
    put_uint(to, (uint64_t)header->lane);
    put_uint(to, header->seq);
    put_uint(to, header->monotonic_ms);
    if (header->has_wall) {
        put_uint(to, header->wall_ms);
    } else {
        put_null(to);
    }
    put_uint(to, header->flags);
}

static void put_samples(writer *to, const songhe_sample *samples, size_t count) {
    size_t i;
    put_array(to, count);
    for (i = 0; i < count; i++) {
        /* An age of zero, the usual case, is left out. */
        put_array(to, samples[i].age_ms == 0 ? 2 : 3);
        put_uint(to, samples[i].channel);
        put_int(to, samples[i].value);
        if (samples[i].age_ms != 0) put_uint(to, samples[i].age_ms);
    }
}

static songhe_result encode_samples(uint8_t *out, size_t size, size_t *length, songhe_lane lane,
                                    const songhe_header *header, const songhe_sample *samples, size_t count,
                                    const char *card) {
    writer to = begin(out, size);
    size_t card_length = 0, i;
    *length = 0;
    if (header->lane != lane) return SONGHE_LANE;
    if (count > SONGHE_SAMPLES_MAX) return SONGHE_OUT_OF_RANGE;
    for (i = 0; i < count; i++) {
        if (samples[i].age_ms > SONGHE_SAMPLE_AGE_MS_MAX) return SONGHE_OUT_OF_RANGE;
    }
    if (card != NULL && !is_card(card, &card_length)) return SONGHE_OUT_OF_RANGE;
    put_array(&to, card == NULL ? 2 : 4);
    put_header(&to, header);
    put_samples(&to, samples, count);
    if (card != NULL) {
        put_null(&to); /* reserved */
        put_text(&to, card, card_length);
    }
    return end(&to, length);
}

songhe_result songhe_encode_readings(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                     const songhe_sample *samples, size_t sample_count, const char *card) {
    return encode_samples(out, size, length, SONGHE_LANE_LIVE, header, samples, sample_count, card);
}

songhe_result songhe_encode_backfill(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                     const songhe_sample *samples, size_t sample_count, const char *card) {
    return encode_samples(out, size, length, SONGHE_LANE_BACKFILL, header, samples, sample_count, card);
}

static void put_codes(writer *to, const uint16_t *codes, size_t count) {
    size_t i;
    put_array(to, count);
    for (i = 0; i < count; i++) put_uint(to, codes[i]);
}

songhe_result songhe_encode_birth(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                  const songhe_birth *birth) {
    writer to = begin(out, size);
    size_t firmware_length;
    *length = 0;
    if (header->lane != SONGHE_LANE_LIVE) return SONGHE_LANE;
    if (birth->channel_count > SONGHE_CHANNELS_MAX || birth->command_count > SONGHE_COMMANDS_MAX) {
        return SONGHE_OUT_OF_RANGE;
    }
    if (!is_firmware(birth->firmware, &firmware_length)) return SONGHE_OUT_OF_RANGE;
    put_array(&to, 2);
    put_header(&to, header);
    put_array(&to, birth->command_count == 0 ? 4 : 5);
    put_uint(&to, birth->kind);
    put_text(&to, birth->firmware, firmware_length);
    put_uint(&to, birth->heartbeat_s);
    put_codes(&to, birth->channels, birth->channel_count);
    if (birth->command_count != 0) put_codes(&to, birth->commands, birth->command_count);
    return end(&to, length);
}

songhe_result songhe_encode_alarm(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                  const songhe_alarm *alarm) {
    writer to = begin(out, size);
    *length = 0;
    if (header->lane != SONGHE_LANE_LIVE) return SONGHE_LANE;
    put_array(&to, 2);
    put_header(&to, header);
    put_array(&to, 5);
    put_uint(&to, alarm->kind);
    put_bool(&to, alarm->raised);
    if (alarm->has_cause) {
        put_uint(&to, alarm->channel);
        put_int(&to, alarm->value);
    } else {
        put_null(&to);
        put_null(&to);
    }
    put_uint(&to, alarm->attempt);
    return end(&to, length);
}

songhe_result songhe_encode_state(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                  const songhe_state *state) {
    writer to = begin(out, size);
    *length = 0;
    if (header->lane != SONGHE_LANE_LIVE) return SONGHE_LANE;
    put_array(&to, 2);
    put_header(&to, header);
    put_array(&to, state->has_answer ? 3 : 2);
    put_bool(&to, state->online);
    put_uint(&to, state->connection);
    if (state->has_answer) {
        put_array(&to, 2);
        put_uint(&to, state->command_id);
        put_uint(&to, state->outcome);
    }
    return end(&to, length);
}

static bool is_device(const char *device, size_t *length) {
    size_t i;
    *length = length_within(device, SONGHE_DEVICE_ID_BYTES_MAX);
    if (*length == 0 || *length > SONGHE_DEVICE_ID_BYTES_MAX) return false;
    for (i = 0; i < *length; i++) {
        char c = device[i];
        if (!is_letter_or_digit(c) && c != '-' && c != '_' && c != '.') return false;
    }
    return true;
}

songhe_result songhe_write_topic(char *out, size_t size, const char *device, songhe_topic topic) {
    static const char prefix[] = "songhe/v1/";
    static const char *const levels[] = {"up", "bf", "alarm", "birth", "state", "ack", "cmd", "time"};
    size_t device_length, level_length, prefix_length = sizeof prefix - 1;
    if ((unsigned)topic >= sizeof levels / sizeof levels[0]) return SONGHE_OUT_OF_RANGE;
    if (!is_device(device, &device_length)) return SONGHE_OUT_OF_RANGE;
    level_length = strlen(levels[topic]);
    if (size < prefix_length + device_length + 1 + level_length + 1) return SONGHE_BUFFER_FULL;
    memcpy(out, prefix, prefix_length);
    memcpy(out + prefix_length, device, device_length);
    out[prefix_length + device_length] = '/';
    memcpy(out + prefix_length + device_length + 1, levels[topic], level_length + 1);
    return SONGHE_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *payload;
    size_t size;
    size_t at;
} reader;

typedef struct {
    uint8_t major;
    uint8_t info;
    uint64_t argument;
} head;

/* Steps over the head of an item; false where it is cut short or of indefinite length. */
static bool take_head(reader *from, head *item) {
    size_t width, i;
    uint8_t first;
    if (from->at == from->size) return false;
    first = from->payload[from->at];
    item->major = (uint8_t)(first >> 5);
    item->info = (uint8_t)(first & 0x1f);
    if (item->info < 24) {
        item->argument = item->info;
        from->at++;
        return true;
    }
    if (item->info > 27) return false;
    width = (size_t)1 << (item->info - 24);
    if (from->size - from->at - 1 < width) return false;
    item->argument = 0;
    for (i = 0; i < width; i++) item->argument = item->argument << 8 | from->payload[from->at + 1 + i];
    from->at += 1 + width;
    return true;
}

static songhe_result take_uint(reader *from, uint64_t max, uint64_t *value) {
    head item;
    if (!take_head(from, &item) || item.major != 0 || item.argument > max) return SONGHE_MALFORMED;
    *value = item.argument;
    return SONGHE_OK;
}

static songhe_result take_int(reader *from, int32_t *value) {
    head item;
    if (!take_head(from, &item) || item.major > 1 || item.argument > INT32_MAX) return SONGHE_MALFORMED;
    *value = item.major == 0 ? (int32_t)item.argument : -1 - (int32_t)item.argument;
    return SONGHE_OK;
}

/* An array of at least required fields; *added is the number of fields beyond them. */
static songhe_result take_fields(reader *from, uint64_t required, uint64_t *added) {
    head item;
    if (!take_head(from, &item) || item.major != 4) return SONGHE_MALFORMED;
    if (item.argument < required) return SONGHE_MISSING_FIELD;
    *added = item.argument - required;
    return SONGHE_OK;
}

static songhe_result take_version(reader *from) {
    uint64_t version;
    songhe_result result = take_uint(from, UINT64_MAX, &version);
    if (result != SONGHE_OK) return result;
    return version == SONGHE_PROTOCOL_VERSION ? SONGHE_OK : SONGHE_VERSION;
}

static songhe_result take_lane(reader *from, songhe_lane *lane) {
    uint64_t code;
    songhe_result result = take_uint(from, UINT64_MAX, &code);
    if (result != SONGHE_OK) return result;
    if (code > SONGHE_LANE_BACKFILL) return SONGHE_LANE;
    *lane = code == 0 ? SONGHE_LANE_LIVE : SONGHE_LANE_BACKFILL;
    return SONGHE_OK;
}

/* Steps over fields that a newer server added. Each item is at least one byte: a false count ends at the payload's end. */
static songhe_result skip(reader *from, uint64_t fields) {
    uint64_t left = fields, inside;
    head item;
    while (left > 0) {
        if (!take_head(from, &item)) return SONGHE_MALFORMED;
        inside = 0;
        switch (item.major) {
        case 2:
        case 3:
            if (item.argument > from->size - from->at) return SONGHE_MALFORMED;
            from->at += (size_t)item.argument;
            break;
        case 4:
            inside = item.argument;
            break;
        case 5:
            inside = item.argument > UINT64_MAX / 2 ? UINT64_MAX : 2 * item.argument;
            break;
        case 6:
            inside = 1;
            break;
        case 7:
            /* Simple values below 32 have no second byte. */
            if (item.info == 24 && item.argument < 32) return SONGHE_MALFORMED;
            break;
        default:
            break;
        }
        left--;
        left = left > UINT64_MAX - inside ? UINT64_MAX : left + inside;
    }
    return SONGHE_OK;
}

/* Skips what was added; then the payload must end. */
static songhe_result finish(reader *from, uint64_t added) {
    songhe_result result = skip(from, added);
    if (result != SONGHE_OK) return result;
    return from->at == from->size ? SONGHE_OK : SONGHE_TRAILING_BYTES;
}

songhe_result songhe_decode_ack(const uint8_t *payload, size_t size, songhe_ack *ack) {
    reader from = {payload, size, 0};
    songhe_ack read;
    uint64_t added;
    songhe_result result;
    if (size > SONGHE_FRAME_BYTES_MAX) return SONGHE_TOO_LONG;
    if ((result = take_fields(&from, 4, &added)) != SONGHE_OK) return result;
    if ((result = take_version(&from)) != SONGHE_OK) return result;
    if ((result = take_uint(&from, UINT64_MAX, &read.boot_id)) != SONGHE_OK) return result;
    if ((result = take_lane(&from, &read.lane)) != SONGHE_OK) return result;
    if ((result = take_uint(&from, UINT64_MAX, &read.seq)) != SONGHE_OK) return result;
    if ((result = finish(&from, added)) != SONGHE_OK) return result;
    *ack = read;
    return SONGHE_OK;
}

songhe_result songhe_decode_time(const uint8_t *payload, size_t size, songhe_time *time) {
    reader from = {payload, size, 0};
    songhe_time read;
    uint64_t added;
    songhe_result result;
    if (size > SONGHE_FRAME_BYTES_MAX) return SONGHE_TOO_LONG;
    if ((result = take_fields(&from, 2, &added)) != SONGHE_OK) return result;
    if ((result = take_version(&from)) != SONGHE_OK) return result;
    if ((result = take_uint(&from, UINT64_MAX, &read.wall_ms)) != SONGHE_OK) return result;
    if ((result = finish(&from, added)) != SONGHE_OK) return result;
    *time = read;
    return SONGHE_OK;
}

static songhe_result take_arguments(reader *from, songhe_command *command) {
    head item;
    size_t i;
    songhe_result result;
    if (!take_head(from, &item) || item.major != 4) return SONGHE_MALFORMED;
    if (item.argument > SONGHE_ARGUMENTS_MAX) return SONGHE_TOO_MANY;
    command->argument_count = (size_t)item.argument;
    for (i = 0; i < command->argument_count; i++) {
        if ((result = take_int(from, &command->arguments[i])) != SONGHE_OK) return result;
    }
    return SONGHE_OK;
}

songhe_result songhe_decode_command(const uint8_t *payload, size_t size, songhe_command *command) {
    reader from = {payload, size, 0};
    songhe_command read = {0, 0, {0}, 0, false, 0};
    uint64_t added, kind;
    songhe_result result;
    if (size > SONGHE_FRAME_BYTES_MAX) return SONGHE_TOO_LONG;
    if ((result = take_fields(&from, 5, &added)) != SONGHE_OK) return result;
    if ((result = take_version(&from)) != SONGHE_OK) return result;
    if ((result = take_uint(&from, UINT64_MAX, &read.id)) != SONGHE_OK) return result;
    if ((result = take_uint(&from, UINT16_MAX, &kind)) != SONGHE_OK) return result;
    read.kind = (uint16_t)kind;
    if ((result = take_arguments(&from, &read)) != SONGHE_OK) return result;
    if (from.at < from.size && from.payload[from.at] == 0xf6) {
        from.at++;
    } else {
        if ((result = take_uint(&from, UINT64_MAX, &read.expires_wall_ms)) != SONGHE_OK) return result;
        read.has_expiry = true;
    }
    if ((result = finish(&from, added)) != SONGHE_OK) return result;
    *command = read;
    return SONGHE_OK;
}
