//! Things by their numbers, in one list in order of the numbers: for some dozens of them as quick as a tree, and a
//! tenth of its code in the engine's module.

/// Things by their numbers.
#[derive(Clone, Debug)]
pub(super) struct Sorted<T> {
    list: Vec<(u32, T)>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { list: Vec::new() }
    }
}

impl<T> Sorted<T> {
    fn place(&self, number: u32) -> Result<usize, usize> {
        self.list.binary_search_by_key(&number, |(known, _)| *known)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.place(number).ok().map(|place| &mut self.list[place].1)
    }

    /// What has this number, made where it is missing.
    pub(super) fn get_or(&mut self, number: u32, make: impl FnOnce() -> T) -> &mut T {
        let place = self.place(number).unwrap_or_else(|place| {
            self.list.insert(place, (number, make()));
            place
        });
        &mut self.list[place].1
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        self.place(number).ok().map(|place| self.list.remove(place).1)
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (u32, T)> {
        self.list.iter_mut()
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.list.into_iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::Sorted;

    #[test]
    fn it_is_in_order_and_each_number_is_there_once() {
        let mut sorted = Sorted::default();
        for number in [5, 1, 9, 5, 3] {
            *sorted.get_or(number, || 0) += 1;
        }
        assert_eq!(sorted.get_mut(5), Some(&mut 2));
        assert_eq!((sorted.remove(9), sorted.remove(9)), (Some(1), None));
        assert_eq!(sorted.iter_mut().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!(sorted.into_values().collect::<Vec<_>>(), [1, 1, 2]);
    }
}
