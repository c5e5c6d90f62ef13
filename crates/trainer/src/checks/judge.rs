//! Holds the records of a run to the rules, one after the other.

use super::{Checks, InForce, Rules};
use crate::metrics::{EpochRecord, Record, StepRecord};
use schedules::{LearningRateState, Phase};

/// With fewer Pretrain epochs the synthetic loss has no time to halve, and nothing is said.
const SHORTEST_PRETRAIN: usize = 10;

/// The loss sums in f32, the per-dimension values in f64; relative, over some thousand terms.
const SUM_TOLERANCE: f64 = 1e-4;

/// Sees the records of a run, first to last.
pub struct Judge {
    /// First to last.
    rules: Vec<InForce>,
    current: usize,
    plateau: LearningRateState,
    pretrain_epochs: usize,
    /// Whether every step of Pretrain minimised the synthetic loss alone; `None` before there is one.
    pretrain_alone: Option<bool>,
    /// β of the first and the last step of Train, and whether all were the schedule's.
    beta: Option<[f64; 2]>,
    beta_as_scheduled: bool,
    warmed_up: bool,
    /// Whether all learning rates were the schedule's, in Pretrain and in Train.
    rates: [Option<bool>; 2],
    /// β and learning rate of the last step, which are the epoch's.
    last_step: Option<(usize, f64, f64)>,
    synthetic: Vec<f64>,
    kl_as_weighed: Option<bool>,
    kl_physical_share: Option<f64>,
}

fn and(all: &mut Option<bool>, holds: bool) {
    *all = Some(all.unwrap_or(true) && holds);
}

impl Judge {
    /// Has seen nothing yet; `rules`: those in force, first to last, the last one to the end.
    pub fn new(rules: Vec<InForce>) -> Self {
        Self {
            rules,
            current: 0,
            plateau: LearningRateState::default(),
            pretrain_epochs: 0,
            pretrain_alone: None,
            beta: None,
            beta_as_scheduled: true,
            warmed_up: false,
            rates: [None, None],
            last_step: None,
            synthetic: vec![],
            kl_as_weighed: None,
            kl_physical_share: None,
        }
    }

    /// The next record.
    pub fn see(&mut self, record: &Record) {
        match record {
            Record::Step(step) => self.see_step(step),
            Record::Epoch(epoch) => self.see_epoch(epoch),
        }
    }

    /// The rules at a place of the run.
    fn rules_at(&mut self, place: (usize, usize)) -> Option<Rules> {
        while self.rules.get(self.current).is_some_and(|it| it.until.is_some_and(|until| place >= until)) {
            let ended = &self.rules[self.current];
            let (other_lr, anew) = (ended.then_other_lr, ended.then_anew);
            self.current += 1;
            if let Some(now) = self.rules.get(self.current).and_then(|it| it.rules.as_ref()) {
                self.plateau.follow(&now.schedule, other_lr, anew);
            }
        }
        self.rules.get(self.current)?.rules.clone()
    }

    fn see_step(&mut self, step: &StepRecord) {
        let Some(rules) = self.rules_at((step.epoch, step.batch)) else {
            return;
        };
        let schedule = &rules.schedule;
        let phase = schedule.phase(step.epoch);
        self.last_step = Some((step.epoch, step.beta, step.lr));
        let rate = schedule.learning_rate(step.epoch, &self.plateau);
        and(&mut self.rates[usize::from(phase == Phase::Train)], step.lr == rate);
        match phase {
            Phase::Pretrain => {
                let costs_nothing = step.train.kl_cost.is_none_or(|cost| cost == 0.0);
                let alone = step.beta == 0.0 && costs_nothing && is_synthetic_alone(&rules, step);
                and(&mut self.pretrain_alone, alone);
            }
            Phase::Train => {
                let first = self.beta.map_or(step.beta, |[first, _]| first);
                self.beta = Some([first, step.beta]);
                let as_scheduled = step.beta == if rules.beta_weighs { schedule.beta(step.epoch) } else { step.beta };
                let nothing = step.beta == 0.0 && step.train.kl_cost.is_some_and(|cost| cost != 0.0);
                self.beta_as_scheduled &= as_scheduled && !(nothing && rules.kl_weight.is_some());
                self.warmed_up |= schedule.is_warmed_up(step.epoch);
                self.see_kl(&rules, step);
            }
        }
    }

    /// The KL of a step of Train.
    fn see_kl(&mut self, rules: &Rules, step: &StepRecord) {
        let (Some(weight), Some(plain), Some(each)) =
            (rules.kl_weight, step.train.kl, &step.train.kl_per_dimension)
        else {
            return;
        };
        if step.train.skipped_steps.is_some() {
            return;
        }
        let tolerance = SUM_TOLERANCE * plain.abs().max(1.0);
        let mut holds = (plain - each.sum()).abs() <= tolerance;
        // records of earlier versions do not have it
        if let Some(cost) = step.train.kl_cost {
            let counted: f64 = each.0.iter().map(|(_, kl)| kl.max(rules.free_bits)).sum();
            let weight = step.beta * weight;
            holds &= (cost - weight * counted).abs() <= weight * tolerance;
        }
        and(&mut self.kl_as_weighed, holds);
    }

    fn see_epoch(&mut self, epoch: &EpochRecord) {
        let share = |phy: f64, all: f64| Some(phy / all).filter(|share| share.is_finite());
        let valid = &epoch.valid;
        self.kl_physical_share = (valid.kl_phy.zip(valid.kl)).and_then(|(phy, all)| share(phy, all));
        // an epoch's own record comes after its batches
        let Some(rules) = self.rules_at((epoch.epoch, usize::MAX)) else {
            return;
        };
        let schedule = &rules.schedule;
        let phase = schedule.phase(epoch.epoch);
        let of_steps = self.last_step.take().filter(|(at, ..)| *at == epoch.epoch);
        if let Some((_, beta, lr)) = of_steps {
            let rate = &mut self.rates[usize::from(phase == Phase::Train)];
            and(rate, epoch.lr == lr && epoch.phase == phase);
            match phase {
                Phase::Pretrain => and(&mut self.pretrain_alone, epoch.beta == beta),
                Phase::Train => self.beta_as_scheduled &= epoch.beta == beta,
            }
        }
        if phase == Phase::Pretrain {
            self.pretrain_epochs += 1;
            if rules.synthetic_weight.is_some() {
                self.synthetic.extend(epoch.train.synthetic);
            }
        }
        let measure = if rules.judged_by_simulations {
            valid.synthetic
        } else {
            valid.rec
        };
        schedule.observe(epoch.epoch, measure.unwrap_or(f64::NAN), &mut self.plateau);
    }

    /// What the records showed.
    pub fn checks(&self) -> Checks {
        let now = self.rules.last().and_then(|it| it.rules.as_ref());
        let expected = now.map_or(0, |rules| rules.schedule.config().epochs_pretrain);
        let whole_pretrain = expected > 0 && self.pretrain_epochs == expected;
        let beta_weighs = now.is_some_and(|rules| rules.beta_weighs);
        let [in_pretrain, in_train] = self.rates;
        let synthetic_loss_decreases = match (self.synthetic.first(), self.synthetic.last()) {
            (Some(first), Some(last))
                if whole_pretrain
                    && self.synthetic.len() == expected
                    && expected >= SHORTEST_PRETRAIN =>
            {
                Some(*last < 0.5 * first && self.synthetic.iter().all(|s| s <= first))
            }
            _ => None,
        };
        Checks {
            beta_zero_in_pretrain: self.pretrain_alone,
            beta_anneals_to_one: (self.beta)
                .filter(|_| beta_weighs && self.warmed_up)
                .map(|[first, last]| first == 0.0 && last == 1.0 && self.beta_as_scheduled),
            lr_switches_at_boundary: (in_pretrain.zip(in_train))
                .filter(|_| whole_pretrain)
                .map(|(pretrain, train)| pretrain && train),
            synthetic_loss_decreases,
            kl_balances_naturally: self.kl_as_weighed.filter(|_| beta_weighs),
            kl_physical_share: self.kl_physical_share,
        }
    }
}

/// Whether the loss of a step of Stage A is its synthetic loss and nothing else.
fn is_synthetic_alone(rules: &Rules, step: &StepRecord) -> bool {
    let (Some(weight), Some(loss), Some(synthetic)) =
        (rules.synthetic_weight, step.train.loss, step.train.synthetic)
    else {
        return true;
    };
    // what is not finite is left out of the training
    !loss.is_finite() || (loss - weight * synthetic).abs() <= SUM_TOLERANCE * loss.abs()
}
