//! The tables as diesel sees them, the same for both databases. A test compares this with the live schemas.

diesel::table! {
    users (id) {
        id -> BigInt,
        login -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        password_once -> Bool,
        disabled_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    user_grants (id) {
        id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        place_kind -> Text,
        place_id -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        token_hash -> Binary,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        address -> Text,
        user_agent -> Text,
    }
}

diesel::table! {
    setup_links (id) {
        id -> BigInt,
        token_hash -> Binary,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> Timestamp,
        user_id -> Nullable<BigInt>,
        actor -> Text,
        action -> Text,
        entity -> Text,
        entity_id -> Text,
        town_code -> Nullable<Text>,
        detail -> Text,
        mac -> Binary,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        at -> Timestamp,
        topic -> Text,
        town_code -> Nullable<Text>,
        institution_id -> Nullable<BigInt>,
        entity_id -> Text,
        payload -> Text,
    }
}

diesel::table! {
    dated_settings (name, effective_on) {
        name -> Text,
        effective_on -> Date,
        value -> BigInt,
        source -> Text,
    }
}

diesel::table! {
    towns (code) {
        code -> Text,
        name_zh -> Text,
        name_en -> Text,
        kind -> Text,
        longitude -> Double,
        latitude -> Double,
        area_km2 -> Nullable<Double>,
        elders_60plus_est -> BigInt,
    }
}

diesel::table! {
    villages (code) {
        code -> Text,
        town_code -> Text,
        name_zh -> Text,
        kind -> Text,
        listed_2019 -> Bool,
        longitude -> Double,
        latitude -> Double,
    }
}

diesel::table! {
    providers (id) {
        id -> BigInt,
        town_code -> Text,
        name -> Text,
        phone -> Text,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    institutions (id) {
        id -> BigInt,
        town_code -> Text,
        village_code -> Nullable<Text>,
        name -> Text,
        kind -> Text,
        state -> Text,
        operator -> Text,
        phone -> Text,
        micro_fire_station -> Bool,
        opened_on -> Nullable<Date>,
        longitude -> Double,
        latitude -> Double,
        version -> BigInt,
        updated_at -> Timestamp,
        licence_ends_on -> Nullable<Date>,
    }
}

diesel::table! {
    stations (id) {
        id -> BigInt,
        town_code -> Text,
        village_code -> Text,
        provider_id -> Nullable<BigInt>,
        name -> Text,
        smart -> Bool,
        services -> Text,
        phone -> Text,
        longitude -> Double,
        latitude -> Double,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    caregivers (id) {
        id -> BigInt,
        provider_id -> BigInt,
        town_code -> Text,
        name -> Text,
        gender -> Text,
        phone_sealed -> Nullable<Binary>,
        skills -> Text,
        languages -> Text,
        shift_days -> Text,
        shift_starts_min -> Integer,
        shift_ends_min -> Integer,
        travel_mode -> Text,
        longitude -> Double,
        latitude -> Double,
        active -> Bool,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    elders (id) {
        id -> BigInt,
        town_code -> Text,
        village_code -> Text,
        name -> Text,
        gender -> Text,
        born_on -> Date,
        categories -> Text,
        home_visits -> Bool,
        identity_sealed -> Nullable<Binary>,
        identity_index -> Nullable<Binary>,
        phone_sealed -> Nullable<Binary>,
        address_sealed -> Nullable<Binary>,
        longitude -> Double,
        latitude -> Double,
        version -> BigInt,
        updated_at -> Timestamp,
        died_at -> Nullable<Timestamp>,
        door_note_sealed -> Nullable<Binary>,
        coordinate_source -> Text,
        languages -> Text,
        gender_wish -> Nullable<Text>,
        gender_wish_hard -> Bool,
        language_wish -> Nullable<Text>,
        language_wish_hard -> Bool,
    }
}

diesel::table! {
    eligibility_categories (code) {
        code -> Text,
        rank -> Integer,
        name_zh -> Text,
        name_en -> Text,
        confirmed -> Bool,
        retired -> Bool,
    }
}

diesel::table! {
    elder_eligibility (id) {
        id -> BigInt,
        elder_id -> BigInt,
        category_code -> Text,
        from_on -> Nullable<Date>,
        to_on -> Nullable<Date>,
        document_number -> Text,
        note -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    elder_places (id) {
        id -> BigInt,
        elder_id -> BigInt,
        kind -> Text,
        label -> Text,
        address_sealed -> Nullable<Binary>,
        door_note_sealed -> Nullable<Binary>,
        longitude -> Double,
        latitude -> Double,
        coordinate_source -> Text,
        from_on -> Nullable<Date>,
        to_on -> Nullable<Date>,
        version -> BigInt,
    }
}

diesel::table! {
    elder_contacts (id) {
        id -> BigInt,
        elder_id -> BigInt,
        call_order -> Integer,
        name -> Text,
        relation -> Text,
        phone_sealed -> Nullable<Binary>,
        note -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    elder_caregivers (id) {
        id -> BigInt,
        elder_id -> BigInt,
        caregiver_id -> BigInt,
        stance -> Text,
        reason -> Text,
        set_by -> Text,
        set_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    elder_consents (id) {
        id -> BigInt,
        elder_id -> BigInt,
        kind -> Text,
        given_on -> Date,
        given_by -> Text,
        note -> Text,
        withdrawn_on -> Nullable<Date>,
        version -> BigInt,
    }
}

diesel::table! {
    elder_documents (id) {
        id -> BigInt,
        elder_id -> BigInt,
        kind -> Text,
        number_sealed -> Nullable<Binary>,
        issued_on -> Nullable<Date>,
        expires_on -> Nullable<Date>,
        note -> Text,
        scan_sealed -> Nullable<Binary>,
        scan_kind -> Nullable<Text>,
        scan_bytes -> Nullable<Integer>,
        version -> BigInt,
    }
}

diesel::table! {
    rooms (id) {
        id -> BigInt,
        institution_id -> BigInt,
        town_code -> Text,
        building -> Text,
        floor -> Integer,
        number -> Text,
        gender_rule -> Text,
        couple -> Bool,
        isolation -> Bool,
    }
}

diesel::table! {
    beds (id) {
        id -> BigInt,
        room_id -> BigInt,
        institution_id -> BigInt,
        town_code -> Text,
        label -> Text,
        kind -> Text,
    }
}

diesel::table! {
    stays (id) {
        id -> BigInt,
        bed_id -> BigInt,
        elder_id -> BigInt,
        institution_id -> BigInt,
        town_code -> Text,
        starts_at -> Timestamp,
        ends_at -> Nullable<Timestamp>,
        version -> BigInt,
        planned_ends_at -> Nullable<Timestamp>,
        ending -> Nullable<Text>,
        destination -> Nullable<Text>,
        care_level -> Nullable<Text>,
        contract_starts_on -> Nullable<Date>,
        contract_ends_on -> Nullable<Date>,
        contact_sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    stay_risks (stay_id, risk) {
        stay_id -> BigInt,
        risk -> Text,
        present -> Bool,
        answered_at -> Timestamp,
        actor -> Text,
    }
}

diesel::table! {
    admission_rules (code) {
        code -> Text,
        mode -> Text,
    }
}

diesel::table! {
    waiting_classes (code) {
        code -> Text,
        rank -> Integer,
        name_zh -> Text,
        name_en -> Text,
        confirmed -> Bool,
    }
}

diesel::table! {
    waiting_entries (id) {
        id -> BigInt,
        elder_id -> BigInt,
        town_code -> Text,
        institution_id -> Nullable<BigInt>,
        bed_kind -> Nullable<Text>,
        care_level -> Nullable<Text>,
        class_code -> Text,
        jump_rank -> Nullable<Integer>,
        place -> BigInt,
        state -> Text,
        note -> Text,
        asked_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    holds (id) {
        id -> BigInt,
        bed_id -> BigInt,
        elder_id -> BigInt,
        institution_id -> BigInt,
        town_code -> Text,
        starts_at -> Timestamp,
        ends_at -> Timestamp,
        outcome -> Nullable<Text>,
        note -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    outages (id) {
        id -> BigInt,
        bed_id -> BigInt,
        institution_id -> BigInt,
        town_code -> Text,
        reason -> Text,
        note -> Text,
        starts_at -> Timestamp,
        due_at -> Nullable<Timestamp>,
        ends_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    leaves (id) {
        id -> BigInt,
        stay_id -> BigInt,
        kind -> Text,
        starts_at -> Timestamp,
        due_at -> Nullable<Timestamp>,
        ends_at -> Nullable<Timestamp>,
        note -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    transfers (id) {
        id -> BigInt,
        stay_id -> BigInt,
        elder_id -> BigInt,
        institution_id -> BigInt,
        town_code -> Text,
        to_institution_id -> BigInt,
        to_town_code -> Text,
        state -> Text,
        reason -> Text,
        answer -> Text,
        asked_at -> Timestamp,
        answered_at -> Nullable<Timestamp>,
        new_stay_id -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    bed_confirmations (id) {
        id -> BigInt,
        institution_id -> BigInt,
        town_code -> Text,
        at -> Timestamp,
        actor -> Text,
        beds -> BigInt,
        occupied -> BigInt,
        on_leave -> BigInt,
        reserved -> BigInt,
        out_of_service -> BigInt,
        free -> BigInt,
    }
}

diesel::table! {
    request_keys (user_id, key) {
        user_id -> BigInt,
        key -> Text,
        digest -> Text,
        answer -> BigInt,
        at -> Timestamp,
    }
}

diesel::table! {
    bed_claims (kind, source_id) {
        kind -> Text,
        source_id -> BigInt,
        bed_id -> BigInt,
        starts_at -> Timestamp,
        ends_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    service_items (code) {
        code -> Text,
        name_zh -> Text,
        name_en -> Text,
        duration_min -> Integer,
        skill -> Text,
        price_fen -> BigInt,
    }
}

diesel::table! {
    visit_transitions (from_state, kind, to_state) {
        from_state -> Text,
        kind -> Text,
        to_state -> Text,
    }
}

diesel::table! {
    visits (id) {
        id -> BigInt,
        elder_id -> BigInt,
        town_code -> Text,
        service_code -> Text,
        service_on -> Date,
        window_starts_at -> Timestamp,
        window_ends_at -> Timestamp,
        duration_min -> Integer,
        caregiver_id -> Nullable<BigInt>,
        starts_at -> Nullable<Timestamp>,
        ends_at -> Nullable<Timestamp>,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    visit_events (visit_id, seq) {
        visit_id -> BigInt,
        seq -> BigInt,
        prev_seq -> Nullable<BigInt>,
        kind -> Text,
        from_state -> Text,
        to_state -> Text,
        at -> Timestamp,
        recorded_at -> Timestamp,
        actor -> Text,
        caregiver_id -> Nullable<BigInt>,
        note -> Text,
    }
}

diesel::table! {
    devices (id) {
        id -> BigInt,
        code -> Text,
        kind -> Text,
        name -> Text,
        town_code -> Text,
        station_id -> Nullable<BigInt>,
        institution_id -> Nullable<BigInt>,
        token_hash -> Binary,
        presence -> Text,
        presence_at -> Timestamp,
        connection_id -> BigInt,
        last_seen_at -> Nullable<Timestamp>,
        disabled_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    device_windows (device_id, boot_id, lane) {
        device_id -> BigInt,
        boot_id -> BigInt,
        lane -> SmallInt,
        next_seq -> BigInt,
        window_bits -> BigInt,
    }
}

diesel::table! {
    device_gaps (device_id, boot_id, lane, from_seq) {
        device_id -> BigInt,
        boot_id -> BigInt,
        lane -> SmallInt,
        from_seq -> BigInt,
        to_seq -> BigInt,
    }
}

diesel::table! {
    readings (id) {
        id -> BigInt,
        device_id -> BigInt,
        boot_id -> BigInt,
        lane -> SmallInt,
        seq -> BigInt,
        channel -> SmallInt,
        value -> Double,
        at -> Timestamp,
        device_at -> Nullable<Timestamp>,
        received_at -> Timestamp,
    }
}

diesel::table! {
    latest_readings (device_id, channel) {
        device_id -> BigInt,
        channel -> SmallInt,
        value -> Double,
        at -> Timestamp,
    }
}

diesel::table! {
    quarantine (id) {
        id -> BigInt,
        device_id -> BigInt,
        topic -> Text,
        payload -> Binary,
        error -> Text,
        first_at -> Timestamp,
        last_at -> Timestamp,
        occurrences -> BigInt,
    }
}

diesel::table! {
    alerts (id) {
        id -> BigInt,
        device_id -> BigInt,
        town_code -> Text,
        institution_id -> Nullable<BigInt>,
        kind -> Text,
        channel -> SmallInt,
        value -> Double,
        raised_at -> Timestamp,
        acknowledged_at -> Nullable<Timestamp>,
        acknowledged_by -> Nullable<Text>,
        cleared_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::joinable!(alerts -> devices (device_id));
diesel::joinable!(alerts -> towns (town_code));
diesel::joinable!(beds -> institutions (institution_id));
diesel::joinable!(beds -> rooms (room_id));
diesel::joinable!(beds -> towns (town_code));
diesel::joinable!(caregivers -> providers (provider_id));
diesel::joinable!(caregivers -> towns (town_code));
diesel::joinable!(devices -> towns (town_code));
diesel::joinable!(elders -> towns (town_code));
diesel::joinable!(elders -> villages (village_code));
diesel::joinable!(institutions -> towns (town_code));
diesel::joinable!(latest_readings -> devices (device_id));
diesel::joinable!(providers -> towns (town_code));
diesel::joinable!(rooms -> institutions (institution_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(stations -> towns (town_code));
diesel::joinable!(stations -> villages (village_code));
diesel::joinable!(holds -> beds (bed_id));
diesel::joinable!(leaves -> stays (stay_id));
diesel::joinable!(outages -> beds (bed_id));
diesel::joinable!(stays -> beds (bed_id));
diesel::joinable!(elder_caregivers -> caregivers (caregiver_id));
diesel::joinable!(elder_eligibility -> elders (elder_id));
diesel::joinable!(elder_eligibility -> eligibility_categories (category_code));
diesel::joinable!(stays -> elders (elder_id));
diesel::joinable!(user_grants -> users (user_id));
diesel::joinable!(villages -> towns (town_code));
diesel::joinable!(waiting_entries -> elders (elder_id));
diesel::joinable!(waiting_entries -> waiting_classes (class_code));
diesel::joinable!(visits -> caregivers (caregiver_id));
diesel::joinable!(visits -> elders (elder_id));
diesel::joinable!(visits -> service_items (service_code));
diesel::joinable!(visits -> towns (town_code));

diesel::allow_tables_to_appear_in_same_query!(
    users,
    user_grants,
    sessions,
    setup_links,
    audit_log,
    outbox,
    dated_settings,
    towns,
    villages,
    providers,
    institutions,
    stations,
    caregivers,
    elders,
    eligibility_categories,
    elder_eligibility,
    elder_places,
    elder_contacts,
    elder_caregivers,
    elder_consents,
    elder_documents,
    rooms,
    beds,
    stays,
    stay_risks,
    admission_rules,
    waiting_classes,
    waiting_entries,
    holds,
    outages,
    leaves,
    transfers,
    bed_confirmations,
    request_keys,
    bed_claims,
    service_items,
    visit_transitions,
    visits,
    visit_events,
    devices,
    device_windows,
    device_gaps,
    readings,
    latest_readings,
    quarantine,
    alerts,
);
