-- Text that others wrote is data: measured, checked and made fit for the place where it is shown.

local M = {}

-- Sequences of RFC 3629, by their first byte: how many bytes follow, and the bounds of the first of them.
local function follow(byte)
  if byte >= 0xC2 and byte <= 0xDF then return 1, 0x80, 0xBF end
  if byte == 0xE0 then return 2, 0xA0, 0xBF end
  if byte == 0xED then return 2, 0x80, 0x9F end
  if byte >= 0xE1 and byte <= 0xEF then return 2, 0x80, 0xBF end
  if byte == 0xF0 then return 3, 0x90, 0xBF end
  if byte >= 0xF1 and byte <= 0xF3 then return 3, 0x80, 0xBF end
  if byte == 0xF4 then return 3, 0x80, 0x8F end
end

--- A buffer may hold any bytes, JSON may not.
function M.is_utf8(text)
  local at = text:find("[\128-\255]")
  while at do
    local more, lowest, highest = follow(text:byte(at))
    if not more then return false end
    local second = text:byte(at + 1)
    if not second or second < lowest or second > highest then return false end
    for i = at + 2, at + more do
      local byte = text:byte(i)
      if not byte or byte < 0x80 or byte > 0xBF then return false end
    end
    at = text:find("[\128-\255]", at + more + 1)
  end
  return true
end

--- How many code points: what the offset of a delta counts.
function M.scalars(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end

--- What an answer holds, usually a text.
function M.of(value)
  if type(value) == "string" then return value end
  if value == nil or value == vim.NIL then return "" end
  return vim.json.encode(value)
end

--- One line without control characters, at most so many characters long.
function M.line(value, longest)
  local line = M.of(value):gsub("\194[\128-\159]", " "):gsub("[%c\127]+", " ")
  if vim.fn.strchars(line) > longest then line = vim.fn.strcharpart(line, 0, longest - 1) .. "…" end
  return line
end

--- Fit for a status line, where `%` begins code: letters, digits and what agents and nodes are named with.
function M.name(value)
  return (M.line(value, 60):gsub("[^%w_.: -]", "_"))
end

return M
