/** Regions with Foundry resources (learn.microsoft.com, foundry feature availability across cloud regions). */

export interface Location {
  name: string
  displayName: string
  geographyGroup: string
}

const inGroup = (geographyGroup: string, displayNames: readonly string[]): Location[] =>
  displayNames.map(displayName => ({ name: locationName(displayName), displayName, geographyGroup }))

/** `Sweden Central` and `swedencentral` are the same region. */
export const locationName = (text: string) => text.replaceAll(' ', '').toLowerCase()

export const LOCATIONS: readonly Location[] = [
  ...inGroup('US', [
    'Central US',
    'East US',
    'East US 2',
    'North Central US',
    'South Central US',
    'West US',
    'West US 2',
    'West US 3',
  ]),
  ...inGroup('Canada', ['Canada Central', 'Canada East']),
  ...inGroup('South America', ['Brazil South']),
  ...inGroup('Europe', [
    'France Central',
    'Germany West Central',
    'Italy North',
    'North Europe',
    'Norway East',
    'Poland Central',
    'Spain Central',
    'Sweden Central',
    'Switzerland North',
    'UK South',
    'West Europe',
  ]),
  ...inGroup('Asia Pacific', [
    'Australia East',
    'Central India',
    'East Asia',
    'Japan East',
    'Korea Central',
    'South India',
    'Southeast Asia',
  ]),
  ...inGroup('Middle East', ['UAE North']),
  ...inGroup('Africa', ['South Africa North']),
]
