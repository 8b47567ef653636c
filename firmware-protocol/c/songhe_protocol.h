/*
 * Messages between a device and Songhe, version 1: what the device writes and what it reads.
 *
 * C99, no allocation, no dependency beyond <stddef.h>, <stdint.h>, <stdbool.h> and <string.h>. README.md in the folder
 * above is the specification; the vectors beside it are checked against this code.
 *
 * Every function checks its input and its buffer: it gives an error and never reads or writes past an end. Nothing here keeps
 * a pointer after it returned, nothing is static, so any number of tasks may call at once.
 */
#ifndef SONGHE_PROTOCOL_H
#define SONGHE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits: a message beyond one of them is refused. */
#define SONGHE_PROTOCOL_VERSION 1
#define SONGHE_FRAME_BYTES_MAX 16384
#define SONGHE_SAMPLES_MAX 1000
#define SONGHE_CHANNELS_MAX 64
#define SONGHE_COMMANDS_MAX 32
#define SONGHE_ARGUMENTS_MAX 8
#define SONGHE_DEVICE_ID_BYTES_MAX 48
#define SONGHE_TOPIC_BYTES_MAX 68
#define SONGHE_FIRMWARE_VERSION_BYTES_MAX 32
#define SONGHE_CARD_NUMBER_BYTES_MAX 32
#define SONGHE_SAMPLE_AGE_MS_MAX 86400000
#define SONGHE_SEQ_MAX 9223372036854775806

/* Bytes that are always enough: a header, one sample, and whole messages. A readings message takes
 * 4 + SONGHE_HEADER_BYTES + SONGHE_SAMPLE_BYTES for each sample, and 2 + SONGHE_CARD_NUMBER_BYTES_MAX + 1 for a card. */
#define SONGHE_HEADER_BYTES 42
#define SONGHE_SAMPLE_BYTES 14
#define SONGHE_ALARM_BYTES 59
#define SONGHE_BIRTH_BYTES 376
#define SONGHE_STATE_BYTES 63

/* Channels: what a value measures. The comment says its unit and its decimals: with one decimal, 36.6 is sent as 366. */
#define SONGHE_CHANNEL_BLOOD_PRESSURE_SYSTOLIC 1  /* mmHg, 0 */
#define SONGHE_CHANNEL_BLOOD_PRESSURE_DIASTOLIC 2 /* mmHg, 0 */
#define SONGHE_CHANNEL_PULSE 3                    /* /min, 0 */
#define SONGHE_CHANNEL_OXYGEN_SATURATION 4        /* %, 0 */
#define SONGHE_CHANNEL_GLUCOSE 5                  /* mmol/L, 1 */
#define SONGHE_CHANNEL_BODY_TEMPERATURE 6         /* °C, 1 */
#define SONGHE_CHANNEL_WEIGHT 7                   /* kg, 1 */
#define SONGHE_CHANNEL_ROOM_TEMPERATURE 32        /* °C, 1 */
#define SONGHE_CHANNEL_ROOM_HUMIDITY 33           /* %RH, 1 */
#define SONGHE_CHANNEL_DOOR 34                    /* 1 = open */
#define SONGHE_CHANNEL_PRESENCE 35                /* 1 = somebody there */
#define SONGHE_CHANNEL_SOS 36                     /* 1 = pressed */
#define SONGHE_CHANNEL_SMOKE 64                   /* dB/m, 2 */
#define SONGHE_CHANNEL_HEAT 65                    /* °C, 1 */
#define SONGHE_CHANNEL_CARBON_MONOXIDE 66         /* ppm, 0 */
#define SONGHE_CHANNEL_GAS 67                     /* %LEL, 1 */
#define SONGHE_CHANNEL_WATER_PRESSURE 68          /* MPa, 3 */
#define SONGHE_CHANNEL_TANK_LEVEL 69              /* m, 2 */
#define SONGHE_CHANNEL_RESIDUAL_CURRENT 70        /* mA, 0 */
#define SONGHE_CHANNEL_CABINET_DOOR 71            /* 1 = open */
#define SONGHE_CHANNEL_CALL_POINT 72              /* 1 = pressed */

/* Kinds of alarms. */
#define SONGHE_ALARM_SOS 1
#define SONGHE_ALARM_FALL 2
#define SONGHE_ALARM_FIRE 16
#define SONGHE_ALARM_SMOKE 17
#define SONGHE_ALARM_HEAT 18
#define SONGHE_ALARM_CARBON_MONOXIDE 19
#define SONGHE_ALARM_GAS 20
#define SONGHE_ALARM_CALL_POINT 21
#define SONGHE_ALARM_WATER_PRESSURE 32
#define SONGHE_ALARM_TANK_LEVEL 33
#define SONGHE_ALARM_RESIDUAL_CURRENT 34
#define SONGHE_ALARM_CABINET_DOOR 35
#define SONGHE_ALARM_TAMPER 48
#define SONGHE_ALARM_FAULT 49

/* Kinds of devices. */
#define SONGHE_DEVICE_STATION 1
#define SONGHE_DEVICE_FIRE 2
#define SONGHE_DEVICE_HOME 3
#define SONGHE_DEVICE_PANEL 4

/* Kinds of commands. */
#define SONGHE_COMMAND_IDENTIFY 1
#define SONGHE_COMMAND_REPORT 2
#define SONGHE_COMMAND_INTERVAL 3
#define SONGHE_COMMAND_ALARM_ANSWERED 4
#define SONGHE_COMMAND_SELF_TEST 5
#define SONGHE_COMMAND_RESTART 6
#define SONGHE_COMMAND_LIMITS 7

/* How a command went. */
#define SONGHE_OUTCOME_DONE 0
#define SONGHE_OUTCOME_UNKNOWN 1
#define SONGHE_OUTCOME_REFUSED 2
#define SONGHE_OUTCOME_EXPIRED 3
#define SONGHE_OUTCOME_FAILED 4

/* Bits of a header's flags. */
#define SONGHE_FLAG_CLOCK_SYNCED 1
#define SONGHE_FLAG_HISTORICAL 2

typedef enum {
    SONGHE_OK = 0,
    SONGHE_BUFFER_FULL,    /* writing: the buffer is too small */
    SONGHE_OUT_OF_RANGE,   /* writing: a field or a count beyond its limit, a text with a wrong character */
    SONGHE_MALFORMED,      /* reading: cut short, wrong type, indefinite length, number too wide for its field */
    SONGHE_TOO_LONG,       /* reading: longer than SONGHE_FRAME_BYTES_MAX */
    SONGHE_VERSION,        /* reading: a version that this code does not know */
    SONGHE_MISSING_FIELD,  /* reading: an array shorter than its required fields */
    SONGHE_LANE,           /* reading: a lane other than 0 and 1; writing: not the lane of this message */
    SONGHE_TOO_MANY,       /* reading: more items than their limit */
    SONGHE_TRAILING_BYTES  /* reading: bytes after the end of the message */
} songhe_result;

typedef enum { SONGHE_LANE_LIVE = 0, SONGHE_LANE_BACKFILL = 1 } songhe_lane;

typedef enum {
    SONGHE_TOPIC_UP,
    SONGHE_TOPIC_BACKFILL,
    SONGHE_TOPIC_ALARM,
    SONGHE_TOPIC_BIRTH,
    SONGHE_TOPIC_STATE,
    SONGHE_TOPIC_ACK,
    SONGHE_TOPIC_COMMAND,
    SONGHE_TOPIC_TIME
} songhe_topic;

/* First field of every upward message: who it is among all messages of this device, and when it was made. */
typedef struct {
    uint64_t boot_id;
    songhe_lane lane;
    uint64_t seq; /* up to SONGHE_SEQ_MAX, none left out: an empty message takes the place of one that is given up */
    uint64_t monotonic_ms;
    bool has_wall;
    uint64_t wall_ms; /* only with has_wall */
    uint16_t flags;
} songhe_header;

typedef struct {
    uint16_t channel;
    int32_t value;   /* in the channel's smallest step */
    uint32_t age_ms; /* how long before the header's monotonic_ms it was taken */
} songhe_sample;

typedef struct {
    uint16_t kind;
    const char *firmware; /* printable ASCII */
    uint16_t heartbeat_s;
    const uint16_t *channels;
    size_t channel_count;
    const uint16_t *commands; /* may be NULL without any */
    size_t command_count;
} songhe_birth;

typedef struct {
    uint16_t kind;
    bool raised; /* false: it is over */
    bool has_cause;
    uint16_t channel; /* only with has_cause */
    int32_t value;    /* only with has_cause */
    uint16_t attempt; /* 0 for the first transmission */
} songhe_alarm;

typedef struct {
    bool online;
    uint32_t connection; /* counts this boot's connections */
    bool has_answer;
    uint64_t command_id; /* only with has_answer */
    uint16_t outcome;    /* only with has_answer */
} songhe_state;

/* All messages of this boot and lane up to and including seq are stored: forget them. */
typedef struct {
    uint64_t boot_id;
    songhe_lane lane;
    uint64_t seq;
} songhe_ack;

typedef struct {
    uint64_t wall_ms; /* since 1970-01-01 UTC */
} songhe_time;

typedef struct {
    uint64_t id;
    uint16_t kind; /* one that this code does not name may come: answer SONGHE_OUTCOME_UNKNOWN */
    int32_t arguments[SONGHE_ARGUMENTS_MAX];
    size_t argument_count;
    bool has_expiry;
    uint64_t expires_wall_ms; /* only with has_expiry */
} songhe_command;

/*
 * Writing: into out, which has room for size bytes. *length becomes the number of bytes used, 0 on an error; out is then
 * to be thrown away.
 */

/* card: NUL-terminated number of the card of the person whose values these are, or NULL. Lane 0. */
songhe_result songhe_encode_readings(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                     const songhe_sample *samples, size_t sample_count, const char *card);

/* The same in lane 1. */
songhe_result songhe_encode_backfill(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                     const songhe_sample *samples, size_t sample_count, const char *card);

songhe_result songhe_encode_birth(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                  const songhe_birth *birth);

songhe_result songhe_encode_alarm(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                  const songhe_alarm *alarm);

songhe_result songhe_encode_state(uint8_t *out, size_t size, size_t *length, const songhe_header *header,
                                  const songhe_state *state);

/* songhe/v1/{device}/{kind}, with a NUL at its end: SONGHE_TOPIC_BYTES_MAX + 1 bytes are always enough. */
songhe_result songhe_write_topic(char *out, size_t size, const char *device, songhe_topic topic);

/*
 * Reading: the whole of size bytes must be the message. On an error *ack, *time and *command are as before.
 */

songhe_result songhe_decode_ack(const uint8_t *payload, size_t size, songhe_ack *ack);
songhe_result songhe_decode_time(const uint8_t *payload, size_t size, songhe_time *time);
songhe_result songhe_decode_command(const uint8_t *payload, size_t size, songhe_command *command);

#ifdef __cplusplus
}
#endif

#endif
