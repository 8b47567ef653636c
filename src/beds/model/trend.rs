use chrono::{NaiveDate, NaiveDateTime};

/// A period that may go on.
pub type Period = (NaiveDateTime, Option<NaiveDateTime>);

/// How many beds were lived in on a day, counted at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOccupancy {
    pub day: NaiveDate,
    pub lived_in: i64,
}

/// What is expected of a day, counted at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayForecast {
    pub day: NaiveDate,
    pub free: i64,
    /// Freed during the day by planned discharges, ends of holds and of outages.
    pub freed: i64,
    /// Taken during the day by bookings that begin.
    pub taken: i64,
}

/// For each day, with the instant at which it ends, how many of the periods cover that instant. One pass over the periods,
/// whatever the number of days.
pub fn occupancy_by_day(days: &[(NaiveDate, NaiveDateTime)], stays: &[Period]) -> Vec<DayOccupancy> {
    let mut changes = vec![0_i64; days.len() + 1];
    let first_at_or_after = |at: NaiveDateTime| days.partition_point(|(_, end)| *end < at);
    for (starts_at, ends_at) in stays {
        let from = first_at_or_after(*starts_at);
        let to = ends_at.map_or(days.len(), first_at_or_after);
        if from < to {
            changes[from] += 1;
            changes[to] -= 1;
        }
    }
    let mut lived_in = 0;
    days.iter()
        .zip(changes)
        .map(|((day, _), change)| {
            lived_in += change;
            DayOccupancy { day: *day, lived_in }
        })
        .collect()
}

/// Free beds at the end of each day, if what is planned happens and nothing else does: of the beds, those that no period
/// covers. A period without an end goes on.
pub fn forecast(
    now: NaiveDateTime,
    days: &[(NaiveDate, NaiveDateTime)],
    beds: i64,
    claims: &[Period],
) -> Vec<DayForecast> {
    let mut from = now;
    let mut found = Vec::with_capacity(days.len());
    for (day, end) in days {
        let within = |at: NaiveDateTime| from < at && at <= *end;
        let covers =
            |(starts_at, ends_at): &&Period| *starts_at <= *end && ends_at.is_none_or(|to| to > *end);
        found.push(DayForecast {
            day: *day,
            free: beds - claims.iter().filter(covers).count() as i64,
            freed: claims.iter().filter(|(_, to)| to.is_some_and(within)).count() as i64,
            taken: claims.iter().filter(|(starts_at, _)| within(*starts_at)).count() as i64,
        });
        from = *end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn hour(hours: i64) -> NaiveDateTime {
        NaiveDateTime::default() + TimeDelta::hours(hours)
    }

    fn days(count: i64) -> Vec<(NaiveDate, NaiveDateTime)> {
        (1..=count).map(|day| (hour(24 * (day - 1)).date(), hour(24 * day))).collect()
    }

    proptest! {
        #[test]
        fn a_day_counts_the_periods_that_cover_its_end(
            periods in proptest::collection::vec((0_i64..400, proptest::option::of(1_i64..300)), 0..60),
        ) {
            let periods: Vec<Period> =
                periods.into_iter().map(|(from, long)| (hour(from), long.map(|long| hour(from + long)))).collect();
            for counted in occupancy_by_day(&days(14), &periods).iter().zip(days(14)) {
                let (found, (_, end)) = counted;
                let covering = periods.iter().filter(|(from, to)| *from <= end && to.is_none_or(|to| to > end)).count();
                prop_assert_eq!(found.lived_in, covering as i64);
            }
        }

        #[test]
        fn what_is_freed_and_taken_explains_the_change(
            periods in proptest::collection::vec((1_i64..400, proptest::option::of(1_i64..300)), 0..40),
        ) {
            let periods: Vec<Period> =
                periods.into_iter().map(|(from, long)| (hour(from), long.map(|long| hour(from + long)))).collect();
            let mut free = 1_000;
            for day in forecast(hour(0), &days(14), 1_000, &periods) {
                prop_assert_eq!(day.free, free + day.freed - day.taken);
                free = day.free;
            }
        }
    }
}
