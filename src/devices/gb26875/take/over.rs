//! What people do at a panel or at the transmission device: an alarm by hand, and what ends alarms.

use super::states::detail;
use super::{Taking, system_key};
use crate::alerts::AlertKind;
use crate::app::Tx;
use crate::clock::Instant;
use crate::devices::gb26875::model::{
    PartKey, PartLevel, Stamp, fault_channel, fire_channel, press_channel, stored_bits,
};
use crate::devices::gb26875::store::{self, PartRow};
use crate::devices::ingest::batch::By;
use crate::devices::store::Latest;
use crate::error::Result;

/// Normal, and nothing else.
const NORMAL: u16 = 1;
const FIRE: u16 = 1 << 1;

/// How much is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    FireAndFault,
    /// A reset mends neither a supply nor a line.
    Fire,
    /// A fire that the part does not say of itself: told late, or followed by a trial.
    FireUnsaid,
}

impl Taking<'_> {
    /// Somebody did something at the panel (of a system) or at the transmission device.
    pub(super) fn operation(&mut self, tx: &mut Tx<'_>, key: PartKey, flags: u8, at: Stamp) -> Result<()> {
        let profile = &self.arrival.profile;
        let at = self.time(tx, at);
        if profile.is_manual_alarm(flags) {
            return self.manual_alarm(tx, key, at);
        }
        let system = (key.system_type, key.system_address);
        if profile.is_reset(flags) {
            if key.level == PartLevel::System {
                self.components_reset(tx, system, at)?;
            }
            self.part_over(tx, key, Over::Fire, at)
        } else if profile.is_alarm_cleared(flags) {
            if key.level == PartLevel::System {
                self.components_over(tx, system, Over::FireUnsaid, at)?;
            }
            self.part_over(tx, key, Over::FireUnsaid, at)
        } else {
            Ok(())
        }
    }

    fn manual_alarm(&mut self, tx: &mut Tx<'_>, key: PartKey, at: Instant) -> Result<()> {
        let device_id = self.device();
        let press_slot = match store::part(tx.connection, device_id, &key)? {
            Some(part) => store::press_slot(tx.connection, &part)?,
            None => 0,
        };
        let cause = Latest { device_id, channel: press_channel(press_slot), value: 1.0, at };
        let told = detail(key, "", ["manual_alarm"]);
        // Each press is a message of its own: once somebody has answered one, the next is news.
        self.batch.alert(tx.connection, (AlertKind::Fire, By::Alarm(None)), cause, &told)
    }

    /// A system says that it was reset.
    pub(super) fn system_reset(&mut self, tx: &mut Tx<'_>, system: (u8, u8), at: Instant) -> Result<()> {
        self.components_reset(tx, system, at)?;
        match store::find_part(tx.connection, self.device(), &system_key(system.0, system.1))? {
            Some(part) => self.press_over(tx, &part, at),
            None => Ok(()),
        }
    }

    /// The panel was reset: what its components said before is over. Whoever still sees a fire says so anew.
    fn components_reset(&mut self, tx: &mut Tx<'_>, system: (u8, u8), at: Instant) -> Result<()> {
        self.components_over(tx, system, Over::FireAndFault, at)
    }

    fn components_over(&mut self, tx: &mut Tx<'_>, system: (u8, u8), over: Over, at: Instant) -> Result<()> {
        let parts = store::components_of(tx.connection, self.device(), system)?;
        parts.iter().try_for_each(|part| self.end(tx, part, over, at))
    }

    fn part_over(&mut self, tx: &mut Tx<'_>, key: PartKey, over: Over, at: Instant) -> Result<()> {
        match store::find_part(tx.connection, self.device(), &key)? {
            Some(part) => self.end(tx, &part, over, at),
            None => Ok(()),
        }
    }

    /// Ends what a part said by then, and nothing that it said later.
    fn end(&mut self, tx: &mut Tx<'_>, part: &PartRow, over: Over, at: Instant) -> Result<()> {
        let device_id = self.device();
        let bits = stored_bits(part.level, part.state.unwrap_or_default());
        let is_newer = part.state_at.is_some_and(|known| known > at);
        // A trial says nothing of what was before it.
        let says = part.state.is_some() && !part.is_test;
        if says && !is_newer {
            let left = match over {
                Over::FireAndFault if bits.is_fire() || bits.is_fault() => NORMAL,
                Over::Fire => bits.state & !FIRE,
                Over::FireAndFault | Over::FireUnsaid => bits.state,
            };
            if left != bits.state {
                store::set_state(tx.connection, part.id, (left, false), at)?;
            }
        }
        let holds = says && (is_newer || over == Over::FireUnsaid);
        if !(holds && bits.is_fire()) {
            self.batch.over_before(tx.connection, (device_id, fire_channel(part.slot)), at)?;
        }
        if over == Over::FireAndFault && !(holds && bits.is_fault()) {
            self.batch.over_before(tx.connection, (device_id, fault_channel(part.slot)), at)?;
        }
        self.press_over(tx, part, at)
    }

    /// The alarm by hand is over: no state of the part says so, only somebody there.
    fn press_over(&mut self, tx: &mut Tx<'_>, part: &PartRow, at: Instant) -> Result<()> {
        let Some(press_slot) = part.press_slot else { return Ok(()) };
        self.batch.over_before(tx.connection, (self.device(), press_channel(press_slot)), at)
    }
}
