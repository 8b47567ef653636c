//! Patients: each of their services is a visit, and the visits of one patient are a group.

use super::{Lists, Uhhc, window};
use crate::cli::bench::solver::Fault;
use crate::cli::bench::solver::json::{Node, label};
use crate::dispatch::solver::{Gender, Group, Lateness, Preferred, Relation, Visit, Window, Wish};

impl Uhhc {
    pub(super) fn patient(&mut self, node: &Node<'_>, lists: &Lists<'_>) -> Result<(), Fault> {
        let windows = windows(node, lists)?;
        let place = node.get("distance_matrix_index")?.index()?;
        let is_optional = node.is_true("optional") && !self.prices.hard_patients;
        let asked = node.get("required_services")?;
        let first = self.problem.visits.len();
        for one in asked.list()? {
            let service = one.get("service")?;
            let skill = service.one_of(&lists.skills)?;
            // As in the reference, a duration of nought means the default too.
            let own = one.find("duration").filter(|own| own.value.as_f64() != Some(0.0));
            let duration = match own {
                Some(own) => own,
                None => lists.services[skill].get("default_duration")?,
            };
            let mut visit = Visit::at(place, duration.ticks(lists.scale)?, Window { from: 0, to: 0 });
            visit.name = format!("{} {}", label(node.get("id")?.value), label(service.value));
            visit.windows.clone_from(&windows);
            visit.skills = vec![skill];
            let hard = self.prices.hard_tardiness;
            visit.lateness = if hard { Lateness::Hard } else { Lateness::Soft { factor: 1 } };
            visit.mandatory = !is_optional;
            // An unvisited patient counts once, however many services are missing.
            let is_first = self.problem.visits.len() == first;
            visit.priority = u32::from(is_first || visit.mandatory);
            self.problem.visits.push(visit);
            self.asked.push((node.get("id")?.value.clone(), service.value.clone()));
        }
        let members: Vec<usize> = (first..self.problem.visits.len()).collect();
        self.wishes(node, lists, &members)?;
        match members.len() {
            0 => Err(asked.fault("it is empty")),
            1 => Ok(()),
            count => {
                let relation = relation(node, lists, count)?;
                self.problem.groups.push(Group { members, relation });
                Ok(())
            }
        }
    }

    fn wishes(&mut self, node: &Node<'_>, lists: &Lists<'_>, members: &[usize]) -> Result<(), Fault> {
        let caregivers = |key: &str| -> Result<Option<Vec<usize>>, Fault> {
            let Some(list) = node.find(key) else { return Ok(None) };
            list.list()?.iter().map(|one| one.one_of(&lists.caregivers)).collect::<Result<_, _>>().map(Some)
        };
        let mut barred = caregivers("incompatible_caregivers")?.unwrap_or_default();
        let mut preferred = caregivers("preferred_caregivers")?;
        if let Some(list) = &mut preferred {
            list.sort_unstable();
            list.dedup();
        }
        if let Some(list) = preferred.as_ref().filter(|_| self.prices.hard_preferences) {
            barred.extend((0..lists.caregivers.len()).filter(|caregiver| !list.contains(caregiver)));
            preferred = None;
        }
        for member in members {
            let visit = &mut self.problem.visits[*member];
            visit.barred.clone_from(&barred);
            match preferred.as_deref() {
                None => {}
                // A list of nobody is a wish that nobody can meet: no caregiver of an instance has a gender.
                Some([]) => visit.gender = Some(Wish { value: Gender::Female, hard: false }),
                Some(list) => {
                    let known = |caregiver: &usize| Preferred { caregiver: *caregiver, familiarity: 1 };
                    visit.preferred = list.iter().map(known).collect();
                }
            }
        }
        Ok(())
    }
}

fn windows(node: &Node<'_>, lists: &Lists<'_>) -> Result<Vec<Window>, Fault> {
    let list = node.get("time_windows")?.list()?;
    let mut windows: Vec<Window> =
        list.iter().map(|one| window(one, lists.scale)).collect::<Result<_, Fault>>()?;
    windows.sort_unstable_by_key(|window| window.from);
    Ok(windows)
}

fn relation(node: &Node<'_>, lists: &Lists<'_>, count: usize) -> Result<Relation, Fault> {
    let Some(tie) = node.find("synchronization") else { return Ok(Relation::Independent) };
    let kind = tie.get("type")?;
    match kind.text()? {
        "independent" => Ok(Relation::Independent),
        "simultaneous" => Ok(Relation::Together),
        "sequential" if count > 2 => {
            Err(kind.fault("more than two sequential services cannot be planned for"))
        }
        "sequential" => {
            let distance = tie.get("distance")?;
            let lag_min = distance.get("min")?.ticks(lists.scale)?;
            Ok(Relation::After { lag_min, lag_max: distance.get("max")?.ticks(lists.scale)? })
        }
        _ => Err(kind.fault("it is neither independent nor simultaneous nor sequential")),
    }
}
