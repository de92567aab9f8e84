import Testing

@testable import Drills

@Suite struct GridTests {
    @Test func `lists are sorted and repeated values count once`() throws {
        let grid = try DrillGrid(sizes: "50, 10,10", rates: "5", dilutions: "0.8,0")
        #expect(grid.sizes == [10, 50])
        #expect(grid.dilutions == [0, 0.8])
        #expect(
            grid.cells.map { "\($0.accounts) \($0.rate) \($0.dilution)" } == [
                "10 5 0.0", "50 5 0.0", "10 5 0.8", "50 5 0.8",
            ])
    }

    @Test(arguments: ["", "10,", "0", "-1", "ten", "10001", "1.5"])
    func `a list that is none is refused`(sizes: String) {
        #expect(throws: DrillError.self) {
            try DrillGrid(sizes: sizes, rates: "5", dilutions: "0")
        }
    }

    @Test(arguments: ["1", "-0.1", "nan", "x", ""])
    func `a dilution outside its range is refused`(dilutions: String) {
        #expect(throws: DrillError.self) {
            try DrillGrid(sizes: "5", rates: "5", dilutions: dilutions)
        }
    }

    /// Values of the closed form, by hand: 3 of 3 gives n / (n + z²).
    @Test func `Wilson's interval`() {
        let z = 1.959_963_984_540_054
        #expect(abs(Wilson.interval(3, of: 3).lowerBound - 3 / (3 + z * z)) < 1e-12)
        #expect(Wilson.interval(3, of: 3).upperBound == 1)
        #expect(abs(Wilson.interval(0, of: 5).upperBound - z * z / (5 + z * z)) < 1e-12)
        #expect(Wilson.interval(0, of: 0) == 0...1)
    }

    @Test func `the smallest campaign caught is by exchanges a day, for each dilution`() {
        func cell(_ accounts: Int, _ rate: Int, _ dilution: Double, caught: Int) -> DrillCellResult
        {
            DrillCellResult(
                cell: .init(accounts: accounts, rate: rate, dilution: dilution),
                trials: (0..<10).map {
                    DrillTrial(
                        accusedShare: $0 < caught ? 1 : 0, secondsToFlag: nil, leakedShare: 1,
                        exchanges: 1, newlyAccused: [])
                })
        }
        let result = DrillResult(
            cells: [
                cell(10, 20, 0, caught: 8), cell(20, 20, 0, caught: 9), cell(50, 5, 0, caught: 10),
                cell(50, 5, 0.8, caught: 3),
            ], accusedBefore: 0, donors: 1)
        let smallest = result.smallestCaught
        #expect(smallest.map(\.dilution) == [0, 0.8])
        #expect(smallest[0].cell?.cell.accounts == 50)
        #expect(smallest[1].cell == nil)
    }
}
