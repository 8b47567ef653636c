//! Looking for the cheapest place of an absent visit.

use super::super::data::{NEVER, NONE};
use super::super::problem::Time;
use super::super::search::Blinks;
use super::route::{Candidate, cheapest};
use super::{PlainState, Remembered};

/// A visit that was just taken out looks for a place in the routes of so many neighbours first.
const NEAR_LOOKED_AT: usize = 60;
/// No place in the route.
const NOWHERE: Time = NEVER;
/// A place there was, but it was overlooked.
const OVERLOOKED: Time = NEVER - 1;

impl PlainState<'_, '_> {
    /// The routes that pass near the visit, and those that start near it.
    pub(super) fn near_routes(&mut self, visit: u32, routes: &mut Vec<u32>) {
        routes.clear();
        self.stamp += 1;
        let data = self.data;
        let near = &data.near[visit as usize];
        let passing =
            near[..near.len().min(NEAR_LOOKED_AT)].iter().map(|other| self.route_of[*other as usize]);
        let starting = data.starts_near[visit as usize].iter().copied();
        for route in passing.chain(starting) {
            if route != NONE && self.stamps[route as usize] != self.stamp {
                self.stamps[route as usize] = self.stamp;
                routes.push(route);
            }
        }
    }

    /// The cheapest place in these routes, if it is cheaper than leaving the visit out; and whether there is no place at all.
    pub(super) fn cheapest_among(
        &mut self,
        visit: u32,
        routes: &[u32],
        blinks: &mut Blinks,
    ) -> (Option<(usize, u16)>, bool) {
        let data = self.data;
        let mut best = None;
        let mut least = data.tasks[visit as usize].unserved;
        let mut hopeless = true;
        for route in routes {
            let route = *route as usize;
            if !data.may(visit, route) {
                continue;
            }
            let found = self.cheapest_in(visit, route, blinks);
            if found.added == NOWHERE {
                continue;
            }
            hopeless = false;
            if found.added == OVERLOOKED {
                continue;
            }
            let cost = i64::from(found.added) * self.travel_weight + data.fixed(visit, route);
            if cost < least && !blinks.blink() {
                least = cost;
                best = Some((route, found.index));
            }
        }
        (best, hopeless)
    }

    fn cheapest_in(&mut self, visit: u32, route: usize, blinks: &mut Blinks) -> Remembered {
        let at = visit as usize * self.data.caregivers + route;
        let version = self.routes[route].version;
        if self.remembered[at].version == version {
            return self.remembered[at];
        }
        let data = self.data;
        let new = Candidate::new(data, data.legs_of(route), visit);
        let mut overlooked = false;
        let found = cheapest(data, &self.bounds[route], &self.routes[route], &new, || {
            let blink = blinks.blink();
            overlooked |= blink;
            blink
        });
        let (added, index) = found.unwrap_or((NOWHERE, 0));
        let remembered = Remembered { version, added, index: index as u16 };
        if overlooked {
            // Not the whole truth, so not remembered; and the visit is not hopeless.
            return Remembered { added: added.min(OVERLOOKED), ..remembered };
        }
        self.remembered[at] = remembered;
        remembered
    }
}
