import NCTEngine
import TestSupport
import Testing

/// The declarations of parameters against the properties that they are of.
@Suite struct ParameterTests {
    private func properties(_ value: some DeclaredParameters) -> [String: String] {
        Dictionary(uniqueKeysWithValues: Mirror(reflecting: value).children.map { ($0.label ?? "", "\($0.value)") })
    }

    private func check<Owner: DeclaredParameters>(_ type: Owner.Type, undeclared: Set<String>) {
        let standard = properties(Owner())
        var declared: Set<String> = []
        for declaration in Owner.declarations {
            var other = Owner()
            declaration.set(&other, declaration.otherValue)
            #expect(declaration.get(other) == declaration.otherValue, "\(declaration.key)")
            let changed = properties(other).filter { standard[$0.key] != $0.value }.keys
            #expect(changed.count == 1, "\(declaration.key) changes \(changed)")
            declared.formUnion(changed)
            declaration.set(&other, declaration.get(Owner()))
            #expect(other == Owner(), "\(declaration.key)")
            #expect(!declaration.methods.isEmpty && declaration.help.hasSuffix(")."), "\(declaration.key)")
        }
        #expect(declared == Set(standard.keys).subtracting(undeclared))
    }

    @Test("The defaults are in their ranges")
    func defaults() throws {
        try NormalizationParameters().validate()
        try BaselineParameters().validate()
    }

    @Test("Every property has a declaration that reads and writes it, and only it")
    func properties() {
        check(NormalizationParameters.self, undeclared: ["seed"])
        check(BaselineParameters.self, undeclared: [])
    }

    @Test("No two have a name in common, in a profile or on the command line")
    func names() {
        let keys = NormalizationParameters.declarations.map(\.key) + BaselineParameters.declarations.map(\.key)
        let options = NormalizationParameters.declarations.map(\.option) + BaselineParameters.declarations.map(\.option)
        #expect(Set(keys).count == keys.count && Set(options).count == options.count)
        #expect(keys.allSatisfy { $0.wholeMatch(of: #/[a-z]+(_[a-z]+)*/#) != nil })
        #expect(options.allSatisfy { $0.wholeMatch(of: #/[a-z]+(-[a-z]+)*/#) != nil })
    }

    private func checkRanges<Owner: DeclaredParameters>(_ type: Owner.Type) {
        for declaration in Owner.declarations {
            let outside: [ParameterValue] =
                switch declaration.kind {
                case .flag, .word: []
                case .integer(let range): [.integer(range.lowerBound - 1), .integer(range.upperBound + 1)]
                case .number(let range):
                    [Float(range.lowerBound).nextDown, Float(range.upperBound).nextUp, .nan].map { .number($0) }
                case .levels(let range): [.levels([range.upperBound + 1]), .levels([1, 1])]
                }
            for value in outside {
                var parameters = Owner()
                declaration.set(&parameters, value)
                let error = #expect(throws: EngineError.self) { try parameters.validate() }
                #expect(
                    error?.description == "\(declaration.key): value out of range; use \(declaration.kind.range)")
            }
        }
    }

    @Test("A value that is just out of its declared range is refused with the range")
    func ranges() {
        checkRanges(NormalizationParameters.self)
        checkRanges(BaselineParameters.self)
    }

    @Test("Ranges and values read as people write them")
    func words() {
        #expect(ParameterKind.number(1e-8...0.1).range == "1e-8 to 0.1")
        #expect(ParameterKind.number(1e-12...1).range == "1e-12 to 1")
        #expect(ParameterKind.integer(65_536...1_000_000_000).range == "65536 to 1000000000")
        #expect(ParameterKind.word(["none", "clustering", "segmentation"]).range == "none, clustering or segmentation")
        #expect(ParameterValue.number(1e-5).text == "1e-5" && ParameterValue.number(8).text == "8")
        #expect(ParameterValue.number(2e-4).text == "0.0002" && ParameterValue.levels([3, 1]).text == "3,1")
    }
}
