import Foundation
import TestSupport
import Testing

@Suite struct JSONSchemaTests {
    private func violations(_ schema: String, _ json: String) throws -> [String] {
        try JSONSchema(json: Data(schema.utf8)).violations(of: Data(json.utf8))
    }

    @Test(
        "The validator sees each kind of violation",
        arguments: [
            (#"{"type":"object","required":["a"]}"#, #"{}"#), (#"{"type":"string"}"#, "1"),
            (#"{"type":"integer"}"#, "1.5"), (#"{"type":"integer"}"#, "true"), (#"{"type":"boolean"}"#, "1"),
            (#"{"type":"number"}"#, "\"1\""), (#"{"const":1}"#, "2"), (#"{"enum":["a"]}"#, "\"b\""),
            (#"{"properties":{"a":{"minimum":1}}}"#, #"{"a":0}"#), (#"{"maximum":1}"#, "2"),
            (#"{"additionalProperties":false}"#, #"{"a":0}"#), (#"{"items":{"type":"string"}}"#, "[\"a\",1]"),
            (#"{"minItems":1}"#, "[]"), (#"{"maxItems":0}"#, "[1]"), (#"{"pattern":"^a$"}"#, "\"b\""),
            (##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"string"}}}"##, "1"),
            (#"{"additionalProperties":{"type":"number"}}"#, #"{"a":"b"}"#), (#"{"oneOf":[]}"#, "1"),
        ])
    func violation(schema: String, json: String) throws {
        #expect(try !violations(schema, json).isEmpty)
    }

    @Test("A document that conforms has no violations")
    func conforming() throws {
        #expect(
            try violations(
                """
                {"type": "object", "required": ["a", "t"], "additionalProperties": false,
                 "properties": {"a": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                                "t": {"type": "boolean"}}}
                """,
                #"{"a":[0,1],"t":false}"#
            ).isEmpty)
    }
}
