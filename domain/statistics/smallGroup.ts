/** Groups of fewer people are marked: their rates and amounts say little. */
export const smallGroupPeople = 30
