import ArgumentParser
import Foundation

/// Numbers as they are written on the command line: `0.5`, or `1,0.5,1`.
struct NumberList: ExpressibleByArgument {
    let values: [Float]

    init(values: [Float]) { self.values = values }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }
        guard numbers.count == parts.count, !numbers.isEmpty else { return nil }
        values = numbers
    }

    var defaultValueDescription: String { values.map { String(format: "%g", $0) }.joined(separator: ",") }
}
