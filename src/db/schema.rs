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
        work_phone -> Text,
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
        provider_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    dated_settings (name, effective_on) {
        name -> Text,
        effective_on -> Date,
        value -> BigInt,
        source -> Text,
        version -> BigInt,
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
        licence_starts_on -> Nullable<Date>,
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
        ability -> Nullable<Text>,
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
        closed_at -> Nullable<Timestamp>,
        version -> BigInt,
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
        closed_at -> Nullable<Timestamp>,
        version -> BigInt,
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
        retired -> Bool,
        version -> BigInt,
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
        id -> BigInt,
        category -> Text,
        caregivers -> Integer,
        proof -> Text,
        proof_share_percent -> Integer,
        retired -> Bool,
        confirmed -> Bool,
        version -> BigInt,
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
        price_fen -> Nullable<BigInt>,
        plan_item_id -> Nullable<BigInt>,
        plan_item_version -> Nullable<BigInt>,
        occurrence_on -> Nullable<Date>,
        group_id -> Nullable<BigInt>,
        group_place -> Nullable<Integer>,
        occurrence_part -> Integer,
        arrived_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        fail_reason -> Nullable<Text>,
        makes_up_id -> Nullable<BigInt>,
        pinned_reason -> Nullable<Text>,
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
        reason -> Nullable<Text>,
        arrived_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
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
        room_id -> Nullable<BigInt>,
        elder_id -> Nullable<BigInt>,
        connected_at -> Nullable<Timestamp>,
        returning_messages -> SmallInt,
        silence_owed -> Bool,
        serial_number -> Text,
        firmware -> Text,
        installed_on -> Nullable<Date>,
        calibration_due_on -> Nullable<Date>,
        note -> Text,
        heartbeat_s -> Nullable<Integer>,
        claimed_at -> Nullable<Timestamp>,
        token_set_at -> Nullable<Timestamp>,
        former_token_hash -> Nullable<Binary>,
        former_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    device_places (id) {
        id -> BigInt,
        device_id -> BigInt,
        town_code -> Text,
        station_id -> Nullable<BigInt>,
        institution_id -> Nullable<BigInt>,
        room_id -> Nullable<BigInt>,
        elder_id -> Nullable<BigInt>,
        from_at -> Timestamp,
        to_at -> Nullable<Timestamp>,
        placed_by -> Text,
    }
}

diesel::table! {
    elder_hours (elder_id, day, device_id, channel, hour_at) {
        elder_id -> BigInt,
        day -> Date,
        device_id -> BigInt,
        channel -> SmallInt,
        hour_at -> Timestamp,
        readings -> BigInt,
        doubted -> BigInt,
        lowest -> Nullable<Double>,
        highest -> Nullable<Double>,
        total -> Double,
        last_value -> Double,
        last_at -> Timestamp,
    }
}

diesel::table! {
    door_cards (id) {
        id -> BigInt,
        elder_id -> BigInt,
        code_sealed -> Binary,
        code_index -> Binary,
        issued_at -> Timestamp,
        issued_by -> Text,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
        ending -> Nullable<Text>,
    }
}

diesel::table! {
    device_windows (device_id, boot_id, lane) {
        device_id -> BigInt,
        boot_id -> BigInt,
        lane -> SmallInt,
        next_seq -> BigInt,
        window_bits -> BigInt,
        booted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    device_gaps (device_id, boot_id, lane, from_seq) {
        device_id -> BigInt,
        boot_id -> BigInt,
        lane -> SmallInt,
        from_seq -> BigInt,
        to_seq -> BigInt,
        is_blurred -> Bool,
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
        payload_sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    quarantine_floods (device_id) {
        device_id -> BigInt,
        hour_at -> Timestamp,
        messages -> BigInt,
        last_at -> Timestamp,
        flagged_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    reading_spans (device_id, channel, span_s, starts_at) {
        device_id -> BigInt,
        channel -> SmallInt,
        span_s -> Integer,
        starts_at -> Timestamp,
        readings -> BigInt,
        doubted -> BigInt,
        lowest -> Nullable<Double>,
        highest -> Nullable<Double>,
        total -> Double,
        last_value -> Double,
        last_at -> Timestamp,
    }
}

diesel::table! {
    reading_cursor (id) {
        id -> BigInt,
        upto -> BigInt,
        holder -> Text,
        leased_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    alerts (id) {
        id -> BigInt,
        device_id -> Nullable<BigInt>,
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
        detail -> Text,
        station_id -> Nullable<BigInt>,
        by_alarm -> Bool,
        is_past -> Bool,
        closed_by -> Nullable<Text>,
        boot_id -> Nullable<BigInt>,
        seq -> Nullable<BigInt>,
    }
}

diesel::table! {
    alarm_ends (device_id, channel, kind) {
        device_id -> BigInt,
        channel -> SmallInt,
        kind -> Text,
        boot_id -> BigInt,
        seq -> BigInt,
        at -> Timestamp,
    }
}

diesel::table! {
    presence_watch (id) {
        id -> SmallInt,
        receiving_since -> Timestamp,
    }
}

diesel::table! {
    device_limits (device_id, channel) {
        device_id -> BigInt,
        channel -> SmallInt,
        choice -> Text,
        low_raise -> Nullable<Integer>,
        low_clear -> Nullable<Integer>,
        high_raise -> Nullable<Integer>,
        high_clear -> Nullable<Integer>,
        version -> BigInt,
        set_by -> Text,
        set_at -> Timestamp,
    }
}

diesel::table! {
    card_readings (id) {
        id -> BigInt,
        device_id -> BigInt,
        boot_id -> BigInt,
        lane -> SmallInt,
        seq -> BigInt,
        channel -> SmallInt,
        value -> Double,
        at -> Timestamp,
        received_at -> Timestamp,
        card_index -> Binary,
        card_sealed -> Nullable<Binary>,
        elder_id -> Nullable<BigInt>,
        settled_at -> Nullable<Timestamp>,
        settled_by -> Nullable<Text>,
        dismissed_reason -> Nullable<Text>,
    }
}

diesel::table! {
    fire_panels (device_id) {
        device_id -> BigInt,
        address -> Text,
        profile -> Nullable<Text>,
        clock_ahead_s -> Nullable<BigInt>,
        clock_told_at -> Nullable<Timestamp>,
        clock_set_at -> Nullable<Timestamp>,
        clock_taken_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    fire_frames (id) {
        id -> BigInt,
        device_id -> BigInt,
        source -> Text,
        seq -> Integer,
        hash -> Binary,
        round -> Integer,
        command -> SmallInt,
        kind -> Nullable<SmallInt>,
        raw -> Binary,
        panel_at -> Nullable<Timestamp>,
        received_at -> Timestamp,
        is_test -> Bool,
    }
}

diesel::table! {
    fire_parts (id) {
        id -> BigInt,
        device_id -> BigInt,
        slot -> SmallInt,
        level -> Text,
        system_type -> SmallInt,
        system_address -> SmallInt,
        component_type -> SmallInt,
        zone -> Integer,
        place -> Integer,
        label -> Text,
        state -> Nullable<Integer>,
        state_at -> Nullable<Timestamp>,
        is_test -> Bool,
        analog_type -> Nullable<SmallInt>,
        analog_value -> Nullable<Integer>,
        analog_at -> Nullable<Timestamp>,
        channel -> Nullable<SmallInt>,
        press_slot -> Nullable<SmallInt>,
    }
}

diesel::table! {
    fire_refusals (source, reason) {
        source -> Text,
        reason -> Text,
        first_at -> Timestamp,
        last_at -> Timestamp,
        occurrences -> BigInt,
        sent_from -> Text,
        fault -> Text,
        raw -> Binary,
    }
}

diesel::table! {
    guard_checks (id) {
        id -> BigInt,
        device_id -> BigInt,
        asked_by -> Text,
        asked_at -> Timestamp,
        minutes -> SmallInt,
        sent_at -> Nullable<Timestamp>,
        delivered_at -> Nullable<Timestamp>,
        outcome -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    imports (id) {
        id -> BigInt,
        kind -> Text,
        state -> Text,
        file_name -> Text,
        user_id -> Nullable<BigInt>,
        actor -> Text,
        institution_id -> Nullable<BigInt>,
        headings -> Text,
        mapping -> Text,
        remarks -> Text,
        total_rows -> BigInt,
        created_at -> Timestamp,
        changed_at -> Timestamp,
        runner -> Text,
        runner_until -> Nullable<Timestamp>,
        wiped_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    import_parts (import_id, number) {
        import_id -> BigInt,
        number -> BigInt,
        content_sealed -> Binary,
    }
}

diesel::table! {
    import_rows (import_id, number) {
        import_id -> BigInt,
        number -> BigInt,
        sheet -> Text,
        sheet_row -> BigInt,
        outcome -> Text,
        problems -> Text,
        made -> Text,
        filled -> Text,
    }
}

diesel::table! {
    assessment_transitions (from_state, kind, to_state) {
        from_state -> Text,
        kind -> Text,
        to_state -> Text,
    }
}

diesel::table! {
    assessments (id) {
        id -> BigInt,
        elder_id -> BigInt,
        town_code -> Text,
        scale -> Text,
        scale_version -> Nullable<Text>,
        reason -> Text,
        follows_id -> Nullable<BigInt>,
        ordered_on -> Date,
        changed_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        draft -> Nullable<Text>,
        answers -> Nullable<Text>,
        facts -> Nullable<Text>,
        notes -> Nullable<Text>,
        parts -> Nullable<Text>,
        total -> Nullable<Integer>,
        unadjusted -> Nullable<Text>,
        level -> Nullable<Text>,
        adjustments -> Nullable<Text>,
        assessed_on -> Nullable<Date>,
        assessor -> Nullable<Text>,
        reviewer -> Nullable<Text>,
        in_force_on -> Nullable<Date>,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    assessment_events (assessment_id, seq) {
        assessment_id -> BigInt,
        seq -> BigInt,
        prev_seq -> Nullable<BigInt>,
        kind -> Text,
        from_state -> Text,
        to_state -> Text,
        at -> Timestamp,
        actor -> Text,
        note -> Text,
        content -> Nullable<Text>,
    }
}

diesel::table! {
    service_prices (service_code, effective_on) {
        service_code -> Text,
        effective_on -> Date,
        price_fen -> BigInt,
        confirmed -> Bool,
    }
}

diesel::table! {
    holidays (id) {
        id -> BigInt,
        day -> Date,
        kind -> Text,
        name_zh -> Text,
        name_en -> Text,
        source -> Text,
        confirmed -> Bool,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    entitlement_rules (id) {
        id -> BigInt,
        category -> Text,
        level -> Nullable<Text>,
        unit -> Text,
        amount -> Integer,
        effective_on -> Date,
        confirmed -> Bool,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    care_plans (id) {
        id -> BigInt,
        elder_id -> BigInt,
        state -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        note -> Text,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    plan_pauses (id) {
        id -> BigInt,
        plan_id -> BigInt,
        reason -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        note -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    plan_items (id) {
        id -> BigInt,
        plan_id -> BigInt,
        service_code -> Text,
        rule -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        window_starts_min -> Integer,
        window_ends_min -> Integer,
        duration_min -> Nullable<Integer>,
        tolerance_days -> Integer,
        holiday_rule -> Text,
        caregivers -> Integer,
        after_item_id -> Nullable<BigInt>,
        lag_min_min -> Nullable<Integer>,
        lag_max_min -> Nullable<Integer>,
        caregiver_rule -> Text,
        preferred_caregiver_id -> Nullable<BigInt>,
        note -> Text,
        removed -> Bool,
        version -> BigInt,
    }
}

diesel::table! {
    visit_groups (id) {
        id -> BigInt,
        relation -> Text,
        lag_min_min -> Integer,
        lag_max_min -> Integer,
        caregiver_rule -> Text,
    }
}

diesel::table! {
    jobs (name) {
        name -> Text,
        done_on -> Nullable<Date>,
        holder -> Text,
        leased_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    fail_reasons (code) {
        code -> Text,
        name_zh -> Text,
        name_en -> Text,
        contact_within_min -> Nullable<Integer>,
        welfare_within_min -> Nullable<Integer>,
        may_make_up -> Bool,
        needs_note -> Bool,
        choosable -> Bool,
        place -> Integer,
        closed -> Bool,
        version -> BigInt,
    }
}

diesel::table! {
    caregiver_absences (id) {
        id -> BigInt,
        caregiver_id -> BigInt,
        kind -> Text,
        starts_at -> Timestamp,
        ends_at -> Timestamp,
        note -> Text,
        recorded_by -> Text,
        recorded_at -> Timestamp,
        cancelled_by -> Nullable<Text>,
        cancelled_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    caregiver_claims (kind, source_id) {
        kind -> Text,
        source_id -> BigInt,
        caregiver_id -> BigInt,
        starts_at -> Timestamp,
        ends_at -> Timestamp,
    }
}

diesel::table! {
    visit_steps (id) {
        id -> BigInt,
        visit_id -> BigInt,
        kind -> Text,
        actor -> Text,
        user_id -> BigInt,
        caregiver_id -> Nullable<BigInt>,
        request_key -> Text,
        received_at -> Timestamp,
        device_at -> Timestamp,
        happened_at -> Timestamp,
        time_basis -> Text,
        clock_off_ms -> BigInt,
        clock_jumped -> Bool,
        offline -> Bool,
        longitude -> Nullable<Double>,
        latitude -> Nullable<Double>,
        accuracy_m -> Nullable<Double>,
        no_position -> Nullable<Text>,
        code_matches -> Nullable<Bool>,
        reason -> Nullable<Text>,
        problem -> Nullable<Text>,
        note -> Text,
        outcome -> Text,
        event_seq -> Nullable<BigInt>,
        code_found -> Nullable<Text>,
    }
}

diesel::table! {
    visit_files (id) {
        id -> BigInt,
        visit_id -> BigInt,
        step_id -> BigInt,
        kind -> Text,
        media -> Text,
        width -> Integer,
        height -> Integer,
        size_bytes -> BigInt,
        digest -> Text,
        sealed -> Binary,
        at -> Timestamp,
    }
}

diesel::table! {
    visit_proofs (visit_id) {
        visit_id -> BigInt,
        strength -> Text,
        findings -> Text,
        computed_at -> Timestamp,
    }
}

diesel::table! {
    visit_exceptions (id) {
        id -> BigInt,
        visit_id -> BigInt,
        town_code -> Text,
        caregiver_id -> Nullable<BigInt>,
        cause -> Text,
        causes -> Text,
        strength -> Text,
        state -> Text,
        opened_at -> Timestamp,
        changed_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    visit_exception_events (exception_id, seq) {
        exception_id -> BigInt,
        seq -> BigInt,
        kind -> Text,
        at -> Timestamp,
        actor -> Text,
        reason -> Text,
    }
}

diesel::table! {
    visit_corrections (id) {
        id -> BigInt,
        visit_id -> BigInt,
        town_code -> Text,
        arrived_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        caregiver_id -> Nullable<BigInt>,
        fail_reason -> Nullable<Text>,
        reason -> Text,
        state -> Text,
        asked_by -> Text,
        asked_at -> Timestamp,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        answer -> Text,
        event_seq -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    follow_ups (id) {
        id -> BigInt,
        visit_id -> BigInt,
        elder_id -> BigInt,
        town_code -> Text,
        kind -> Text,
        opened_at -> Timestamp,
        due_at -> Timestamp,
        owner -> Text,
        closed_at -> Nullable<Timestamp>,
        closed_by -> Nullable<Text>,
        contacted_at -> Nullable<Timestamp>,
        whom -> Nullable<Text>,
        result -> Nullable<Text>,
        note -> Text,
        version -> BigInt,
        held_by -> Nullable<BigInt>,
        held_since -> Nullable<Timestamp>,
    }
}

diesel::table! {
    visit_notices (visit_id, kind, base_at) {
        visit_id -> BigInt,
        kind -> Text,
        base_at -> Timestamp,
        due_at -> Timestamp,
        noticed_at -> Timestamp,
    }
}

diesel::table! {
    travel_modes (travel_mode) {
        travel_mode -> Text,
        speed_kmh -> Double,
        detour_percent -> Integer,
        settle_min -> Integer,
        commute_free_min -> Integer,
    }
}

diesel::table! {
    day_proposals (id) {
        id -> BigInt,
        town_code -> Text,
        day -> Date,
        state -> Text,
        asked_by -> Text,
        asked_at -> Timestamp,
        seconds_max -> Integer,
        stop_asked -> Bool,
        holder -> Text,
        leased_until -> Nullable<Timestamp>,
        started_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        elapsed_ms -> BigInt,
        best_cost -> Nullable<BigInt>,
        visit_count -> BigInt,
        served_count -> BigInt,
        travel_s -> BigInt,
        problem_digest -> Text,
        note -> Text,
    }
}

diesel::table! {
    day_proposal_rows (proposal_id, visit_id) {
        proposal_id -> BigInt,
        visit_id -> BigInt,
        visit_version -> BigInt,
        change -> Text,
        fixed -> Bool,
        caregiver_before_id -> Nullable<BigInt>,
        starts_before_at -> Nullable<Timestamp>,
        caregiver_after_id -> Nullable<BigInt>,
        starts_after_at -> Nullable<Timestamp>,
        reasons -> Text,
        decision -> Text,
        refusal -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    device_claims (id) {
        id -> BigInt,
        device_id -> BigInt,
        code_index -> Binary,
        issued_at -> Timestamp,
        issued_by -> Text,
        expires_at -> Timestamp,
        refused_tries -> Integer,
        used_at -> Nullable<Timestamp>,
        used_from -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    device_claim_tries (id) {
        id -> BigInt,
        address -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    device_calibrations (id) {
        id -> BigInt,
        device_id -> BigInt,
        done_on -> Date,
        done_by -> Text,
        next_due_on -> Nullable<Date>,
        note -> Text,
        recorded_at -> Timestamp,
        recorded_by -> Text,
    }
}

diesel::table! {
    elder_limits (id) {
        id -> BigInt,
        elder_id -> BigInt,
        channel -> SmallInt,
        from_on -> Date,
        lowest -> Nullable<Double>,
        highest -> Nullable<Double>,
        note -> Text,
        set_by -> Text,
        set_at -> Timestamp,
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
diesel::joinable!(card_readings -> devices (device_id));
diesel::joinable!(devices -> towns (town_code));
diesel::joinable!(elders -> towns (town_code));
diesel::joinable!(elders -> villages (village_code));
diesel::joinable!(institutions -> towns (town_code));
diesel::joinable!(elder_hours -> devices (device_id));
diesel::joinable!(latest_readings -> devices (device_id));
diesel::joinable!(quarantine -> devices (device_id));
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
diesel::joinable!(assessments -> elders (elder_id));
diesel::joinable!(assessments -> towns (town_code));
diesel::joinable!(care_plans -> elders (elder_id));
diesel::joinable!(plan_items -> care_plans (plan_id));
diesel::joinable!(plan_pauses -> care_plans (plan_id));

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
    device_claims,
    device_claim_tries,
    device_calibrations,
    elder_limits,
    reading_spans,
    device_places,
    elder_hours,
    door_cards,
    device_windows,
    device_gaps,
    readings,
    latest_readings,
    quarantine,
    quarantine_floods,
    reading_cursor,
    alerts,
    presence_watch,
    device_limits,
    card_readings,
    fire_panels,
    fire_frames,
    fire_parts,
    fire_refusals,
    guard_checks,
    imports,
    import_parts,
    import_rows,
    assessment_transitions,
    assessments,
    assessment_events,
    service_prices,
    holidays,
    entitlement_rules,
    care_plans,
    plan_pauses,
    plan_items,
    visit_groups,
    jobs,
    fail_reasons,
    caregiver_absences,
    caregiver_claims,
    visit_steps,
    visit_files,
    visit_proofs,
    visit_exceptions,
    visit_exception_events,
    visit_corrections,
    follow_ups,
    visit_notices,
    travel_modes,
    day_proposals,
    day_proposal_rows,
);
