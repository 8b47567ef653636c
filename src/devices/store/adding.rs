//! How a row of sums is added to the one that is there already: other processes may add to it as well.

/// What follows the rows of a table with such a key. Of two readings of the same instant the one that came later is the last.
macro_rules! adding {
    ($table:literal, $key:literal) => {
        concat!(
            " ON CONFLICT (",
            $key,
            ") DO UPDATE SET ",
            "readings = ",
            $table,
            ".readings + excluded.readings, ",
            "doubted = ",
            $table,
            ".doubted + excluded.doubted, ",
            "lowest = CASE WHEN excluded.lowest IS NULL OR ",
            $table,
            ".lowest <= excluded.lowest THEN ",
            $table,
            ".lowest ",
            "ELSE excluded.lowest END, ",
            "highest = CASE WHEN excluded.highest IS NULL OR ",
            $table,
            ".highest >= excluded.highest THEN ",
            $table,
            ".highest ",
            "ELSE excluded.highest END, ",
            "total = ",
            $table,
            ".total + excluded.total, ",
            "last_value = CASE WHEN excluded.last_at >= ",
            $table,
            ".last_at THEN excluded.last_value ",
            "ELSE ",
            $table,
            ".last_value END, ",
            "last_at = CASE WHEN excluded.last_at >= ",
            $table,
            ".last_at THEN excluded.last_at ELSE ",
            $table,
            ".last_at END"
        )
    };
}

pub(super) use adding;
