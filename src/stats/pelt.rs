//! Optimal splits of a series into segments of constant mean (PELT, Killick, Fearnhead and Eckley 2012).

use std::collections::BTreeSet;

/// Points of a window in which splits are looked for.
const WINDOW: usize = 1_000;
/// Share of the sum of squares by which a sum may be off because floats are not exact.
const HAIR: f64 = 1e-11;
/// Share of the penalty that the points between the first and the last start of a block cost at most.
const BLOCK: f64 = 0.5;

/// The first index of every segment but the first, for the segmentation that minimises the sum of squared distances
/// from the segment means plus `penalty` for every split. Segments have at least `shortest` ≥ 1 points.
///
/// Without splits to prune by, the time grows with the square of the length. So in a long series every split is first looked
/// for in windows, each of which overlaps the next by half, and the optimum is then taken over what was found there.
pub fn pelt(values: &[f64], penalty: f64, shortest: usize) -> Vec<usize> {
    if values.len() <= 2 * WINDOW {
        return optimum(values, penalty, shortest, |_| true);
    }
    let mut candidates = BTreeSet::new();
    for from in (0..values.len() - WINDOW / 2).step_by(WINDOW / 2) {
        let part = &values[from..(from + WINDOW).min(values.len())];
        candidates.extend(optimum(part, penalty, shortest, |_| true).iter().map(|at| from + at));
    }
    optimum(values, penalty, shortest, |start| candidates.contains(&start))
}

/// The optimum over the splits that are allowed.
fn optimum(
    values: &[f64],
    penalty: f64,
    shortest: usize,
    allowed: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let n = values.len();
    if n < 2 * shortest {
        return Vec::new();
    }
    let sums = Sums::new(values);
    // best[t]: the least cost of the first t points; last[t]: where the last segment of that optimum begins.
    let mut best = vec![f64::INFINITY; n + 1];
    let mut last = vec![0; n + 1];
    best[0] = -penalty;
    let mut starts = Starts::new(&sums, penalty);
    starts.push(0, best[0]);
    for t in shortest..=n {
        let (start, least) = starts.cheapest(t, last[t - 1]);
        best[t] = least + penalty;
        last[t] = start;
        starts.prune(t, start + shortest, best[t]);
        // The next t may end a segment that starts here.
        let next = t + 1 - shortest;
        if next >= shortest && allowed(next) {
            starts.push(next, best[next]);
        }
    }
    let mut splits = Vec::new();
    let mut t = n;
    while last[t] > 0 {
        splits.push(last[t]);
        t = last[t];
    }
    splits.reverse();
    splits
}

/// Where the last segment may begin, in order.
///
/// Neighbours cost nearly the same, and the penalty keeps most of them far from the cheapest. So they lie in blocks, and a block
/// that as a whole is too expensive is passed over.
struct Starts<'s> {
    sums: &'s Sums,
    /// Starts, and the least cost of what lies before each.
    starts: Vec<(usize, f64)>,
    blocks: Vec<Block>,
    /// What the points from the first start of a block to its last one may cost.
    most: f64,
    /// By how much a bound may be off because floats are not exact.
    hair: f64,
}

/// Neighbouring starts.
struct Block {
    /// Behind its last one, in the list of starts.
    end: usize,
    /// Its first start.
    first: usize,
    /// Its last start, the running sum there, and the least cost of what lies before any of its starts without the squares up to
    /// the last.
    last: f64,
    sum: f64,
    base: f64,
}

impl<'s> Starts<'s> {
    fn new(sums: &'s Sums, penalty: f64) -> Self {
        let whole = sums.squares.last().copied().unwrap_or_default();
        let (starts, blocks) = (Vec::new(), Vec::new());
        Self { sums, starts, blocks, most: penalty * BLOCK, hair: HAIR * whole }
    }

    fn push(&mut self, start: usize, best: f64) {
        self.starts.push((start, best));
        self.place(self.starts.len() - 1);
    }

    /// Puts one of the starts into the last block, or into a new one.
    fn place(&mut self, at: usize) {
        let (start, best) = self.starts[at];
        let (sum, square) = (self.sums.sum[start], self.sums.squares[start]);
        let own = Block { end: at + 1, first: start, last: start as f64, sum, base: best - square };
        match self.blocks.last_mut() {
            Some(block) if self.sums.cost(block.first, start) <= self.most => {
                let before = block.base + self.sums.squares[block.last as usize];
                *block = Block { first: block.first, base: best.min(before) - square, ..own };
            }
            _ => self.blocks.push(own),
        }
    }

    /// The start of the cheapest last segment of the first `t` points, and the cost. `likely` is a start that may be it.
    fn cheapest(&self, t: usize, likely: usize) -> (usize, f64) {
        let known = self.starts.binary_search_by_key(&likely, |(start, _)| *start);
        let known = known.map_or(f64::INFINITY, |at| self.cost(self.starts[at], t));
        let (sum, enough) = (self.sums.sum[t], known + self.hair - self.sums.squares[t]);
        let mut found = (0, f64::INFINITY);
        let mut from = 0;
        for block in &self.blocks {
            // A segment costs no less than a part of it.
            let apart = sum - block.sum;
            if (block.base - enough) * (t as f64 - block.last) <= apart * apart {
                for start in &self.starts[from..block.end] {
                    let cost = self.cost(*start, t);
                    if cost < found.1 {
                        found = (start.0, cost);
                    }
                }
            }
            from = block.end;
        }
        found
    }

    /// What the first `t` points cost with a last segment that begins here.
    fn cost(&self, (start, best): (usize, f64), t: usize) -> f64 {
        best + self.sums.cost(start, t)
    }

    /// Removes the starts that cost more than `most`: they can never be the best again. From `until` on there is none, because
    /// the start of the optimum was one that each of them was held against.
    fn prune(&mut self, t: usize, until: usize, most: f64) {
        let before = self.starts.partition_point(|(start, _)| *start < until);
        if self.starts[..before].iter().all(|start| self.cost(*start, t) <= most) {
            return;
        }
        let sums = self.sums;
        self.starts.retain(|(start, best)| *start >= until || best + sums.cost(*start, t) <= most);
        self.blocks.clear();
        (0..self.starts.len()).for_each(|at| self.place(at));
    }
}

/// Running sums, so that the cost of any segment takes constant time.
struct Sums {
    sum: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    fn new(values: &[f64]) -> Self {
        // Around the mean, so that large values do not drown their differences.
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (mut sum, mut squares) = (vec![0.0], vec![0.0]);
        for (i, value) in values.iter().enumerate() {
            let v = value - mean;
            sum.push(sum[i] + v);
            squares.push(squares[i] + v * v);
        }
        Self { sum, squares }
    }

    /// Sum of squared distances from the mean of the points from `start` up to, without, `end`.
    fn cost(&self, start: usize, end: usize) -> f64 {
        let sum = self.sum[end] - self.sum[start];
        self.squares[end] - self.squares[start] - sum * sum / (end - start) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same with every start looked at.
    fn plain(values: &[f64], penalty: f64, shortest: usize) -> Vec<usize> {
        let (n, sums) = (values.len(), Sums::new(values));
        let mut best = vec![f64::INFINITY; n + 1];
        let mut last = vec![0; n + 1];
        best[0] = -penalty;
        let mut starts = vec![0];
        for t in shortest..=n {
            let costs: Vec<f64> =
                starts.iter().map(|start: &usize| best[*start] + sums.cost(*start, t)).collect();
            let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
            best[t] = least + penalty;
            last[t] = costs.iter().position(|cost| *cost <= least).map_or(0, |at| starts[at]);
            let mut kept = costs.iter().map(|cost| *cost <= best[t]);
            starts.retain(|_| kept.next().unwrap_or(true));
            if t + 1 >= 2 * shortest {
                starts.push(t + 1 - shortest);
            }
        }
        let mut splits: Vec<usize> = std::iter::successors(Some(n), |t| Some(last[*t]))
            .skip(1)
            .take_while(|t| *t > 0)
            .collect();
        splits.reverse();
        splits
    }

    /// Levels with noise; no two of its splits are equally good.
    fn series() -> impl Strategy<Value = Vec<f64>> {
        let level = (prop::collection::vec(-1.0..1.0_f64, 1..120), -40.0..40.0_f64);
        (prop::collection::vec(level, 1..8), 0.1..8.0_f64).prop_map(|(levels, noise)| {
            let of =
                |(part, level): (Vec<f64>, f64)| part.into_iter().map(move |v| level + noise * v);
            levels.into_iter().flat_map(of).collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_passed_over_is_never_part_of_the_optimum(values in series(), penalty in 3.0..60.0_f64) {
            prop_assert_eq!(pelt(&values, penalty, 3), plain(&values, penalty, 3));
        }
    }

    #[test]
    fn a_clear_step_is_split_where_it_is() {
        let mut values = vec![0.0; 20];
        values[12..].iter_mut().for_each(|v| *v = 5.0);
        assert_eq!(pelt(&values, 4.0, 3), [12]);
        values[16..].iter_mut().for_each(|v| *v = -3.0);
        assert_eq!(pelt(&values, 4.0, 3), [12, 16]);
    }

    #[test]
    fn nothing_is_split_that_is_too_short_or_flat() {
        assert_eq!(pelt(&[0.0, 9.0, 0.0, 9.0, 0.0], 1.0, 3), Vec::<usize>::new());
        assert_eq!(pelt(&[1.0; 50], 1.0, 3), Vec::<usize>::new());
    }
}
