//! Walking over visible rows where they are, without copying those of the index.
//!
//! Guarantees: as much of a walk as one look at the overlays covers is of one moment; a walk that goes on behind that
//! shows each row as it was at some moment of the walk. How: the overlays' rows from where the walk stands are taken
//! together with a snapshot of the index, and merged while its rows are shown in place. A seek goes on over a few rows, and
//! descends into the index anew where they are not enough.

use std::iter::Peekable;
use std::ops::ControlFlow;

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_model::Result;

use super::merge::LayerRow;
use super::view::View;

/// Rows that a seek passes one by one before it descends anew, which costs as much as some of them.
const PASSED_ROWS: usize = 16;

/// Where a walk goes.
pub(super) enum Step {
    /// To the next row.
    Next,
    /// To the first row from this key on.
    Seek(Vec<u8>),
    /// Nowhere.
    End,
}

/// What became of a row.
enum Flow {
    On,
    /// What is sought is far off.
    Far,
    End,
}

impl View {
    /// Shows the visible rows of `range` in order until `visit` ends the walk; of the overlays, `limit` rows are looked at
    /// together.
    pub(super) fn walk(
        &self,
        range: KeyRange,
        limit: usize,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<Step>,
    ) -> Result<()> {
        let mut rest = Some(range);
        while let Some(range) = rest {
            rest = self.walk_moment(range, limit, &mut visit)?;
        }
        Ok(())
    }

    /// Walks as far as one look at the overlays reaches; what is left behind that.
    fn walk_moment(
        &self,
        range: KeyRange,
        limit: usize,
        visit: &mut impl FnMut(&[u8], &[u8]) -> Result<Step>,
    ) -> Result<Option<KeyRange>> {
        let (upper, snapshot) = self.look(|layers| layers.chunk(&range, limit))?;
        let rest = upper.rest_of(&range);
        let mut within = KeyRange { end: upper.horizon.or(range.end), start: range.start };
        let mut merge = Merge { upper: upper.rows.into_iter().peekable(), sought: None, passed: 0, visit };
        loop {
            let mut flow = Ok(Flow::On);
            snapshot.for_each(&within, |key, value| {
                flow = merge.take_lower(key, value);
                if matches!(flow, Ok(Flow::On)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            match flow? {
                Flow::On => break,
                Flow::Far => within = within.starting_at(merge.sought.clone().unwrap_or_default()),
                Flow::End => return Ok(None),
            }
        }
        if let Flow::End = merge.take_upper(None)? {
            return Ok(None);
        }
        Ok(rest.map(|rest| rest.starting_at(merge.sought.unwrap_or_default())))
    }
}

/// Rows of the overlays over those of the index.
struct Merge<'a, I: Iterator<Item = LayerRow>, V> {
    upper: Peekable<I>,
    /// Rows before it are not shown.
    sought: Option<Vec<u8>>,
    /// How many of them were passed since it was set.
    passed: usize,
    visit: &'a mut V,
}

impl<I: Iterator<Item = LayerRow>, V: FnMut(&[u8], &[u8]) -> Result<Step>> Merge<'_, I, V> {
    /// Shows a row of the index, and what comes before it or hides it.
    fn take_lower(&mut self, key: &[u8], value: &[u8]) -> Result<Flow> {
        if let Flow::End = self.take_upper(Some(key))? {
            return Ok(Flow::End);
        }
        match self.upper.next_if(|(upper, _)| upper == key) {
            None => self.show(key, value),
            Some((_, Some(value))) => self.show(key, &value),
            Some((_, None)) => Ok(Flow::On),
        }
    }

    /// Shows the rows of the overlays before `key`, or all that are left.
    fn take_upper(&mut self, key: Option<&[u8]>) -> Result<Flow> {
        while let Some((upper, value)) = self.upper.next_if(|(upper, _)| key.is_none_or(|key| upper < key)) {
            let value: Option<Bytes> = value;
            if let Some(value) = value
                && let Flow::End = self.show(&upper, &value)?
            {
                return Ok(Flow::End);
            }
        }
        Ok(Flow::On)
    }

    fn show(&mut self, key: &[u8], value: &[u8]) -> Result<Flow> {
        if let Some(sought) = &self.sought {
            if key < sought.as_slice() {
                self.passed += 1;
                return Ok(if self.passed > PASSED_ROWS { Flow::Far } else { Flow::On });
            }
            self.sought = None;
        }
        match (self.visit)(key, value)? {
            Step::Next => Ok(Flow::On),
            Step::Seek(sought) => {
                self.passed = 0;
                self.sought = Some(sought);
                Ok(Flow::On)
            }
            Step::End => Ok(Flow::End),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use headwater_index::redb::RedbIndex;
    use proptest::prelude::*;

    use super::super::change::RowChange;
    use super::super::view::Layers;
    use super::*;

    /// Keys are single bytes: few enough to meet, more than a seek passes one by one.
    type Changes = Vec<(u8, bool)>;

    fn changes() -> impl Strategy<Value = Changes> {
        prop::collection::vec((0_u8..100, prop::bool::weighted(0.7)), 0..100)
    }

    /// The rows of `stages` one over the other: in the index, in the frozen overlay, in the active one.
    fn view(dir: &std::path::Path, stages: &[Changes; 3]) -> View {
        let path = dir.join("index");
        let view = View::new(RedbIndex::open(&path).expect("an index"), path, Layers::default());
        for (stage, changes) in stages.iter().enumerate() {
            let text = Bytes::from(stage.to_string());
            let change = |(key, is_put): &(u8, bool)| RowChange {
                key: Bytes::copy_from_slice(&[*key]),
                value: is_put.then(|| text.clone()),
                former: None,
            };
            let changes: Vec<RowChange> = changes.iter().map(change).collect();
            view.layers_mut().publish(1, &changes);
            if stage < 2 {
                let frozen = view.layers_mut().freeze();
                if stage == 0 {
                    view.apply(&frozen, &[]).expect("applied");
                    view.layers_mut().thaw();
                }
            }
        }
        view
    }

    fn model(stages: &[Changes; 3]) -> BTreeMap<u8, usize> {
        let mut rows = BTreeMap::new();
        for (stage, changes) in stages.iter().enumerate() {
            for (key, is_put) in changes {
                if *is_put {
                    rows.insert(*key, stage)
                } else {
                    rows.remove(key)
                };
            }
        }
        rows
    }

    /// Where a walk goes from a key: by so many keys, or nowhere.
    fn step(steps: &[u8], key: u8) -> Option<u8> {
        let step = steps[usize::from(key) % steps.len()];
        (step < 80).then(|| key.saturating_add(step.saturating_sub(30)).max(key))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn a_walk_shows_what_is_visible_and_goes_where_it_is_sent(
            stages in [changes(), changes(), changes()],
            steps in prop::collection::vec(0_u8..82, 1..40),
            (start, end, limit) in (0_u8..20, 60_u8..100, prop_oneof![1_usize..5, Just(1000)]),
        ) {
            let dir = tempfile::tempdir().expect("a directory");
            let view = view(dir.path(), &stages);
            let range = KeyRange { start: vec![start], end: Some(vec![end]) };
            let mut shown = Vec::new();
            view.walk(range, limit, |key, value| {
                shown.push((key[0], value.to_vec()));
                Ok(match step(&steps, key[0]) {
                    None => Step::End,
                    Some(to) if to == key[0] => Step::Next,
                    Some(to) => Step::Seek(vec![to]),
                })
            }).expect("a walk");
            let (rows, mut expected, mut at) = (model(&stages), Vec::new(), start);
            while let Some((key, stage)) = rows.range(at..end.max(at)).next() {
                expected.push((*key, stage.to_string().into_bytes()));
                let Some(to) = step(&steps, *key) else { break };
                at = to.max(*key + 1);
            }
            prop_assert_eq!(shown, expected);
        }
    }
}
