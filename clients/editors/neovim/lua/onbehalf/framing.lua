-- Messages on the pipe: `Content-Length` headers, as in the base protocol of LSP.

local LONGEST_HEADER = 4096
local LONGEST_MESSAGE = 256 * 1024 * 1024

local M = {}

--- Whether what there is of a header can become one: lines of a name, a colon and a value.
local function may_be_header(head)
  for line in head:gmatch("[^\n]*\n") do
    if not line:find("^[%w-]+:[^\r\n]*\r\n$") and line ~= "\r\n" then return false end
  end
  local rest = head:match("[^\n]*$")
  return rest == "\r" or rest:find("^[%w-]*$") ~= nil or rest:find("^[%w-]+:") ~= nil
end

--- A message as it goes out.
function M.encode(message)
  local body = vim.json.encode(message)
  return ("Content-Length: %d\r\n\r\n%s"):format(#body, body)
end

--- Returns a function that takes bytes, however they arrive, and returns the messages that are complete with them;
--- and, once what came is no frame, what was found in its place.
function M.reader()
  local chunks, size, length = {}, 0, nil

  local function join()
    if #chunks > 1 then chunks = { table.concat(chunks) } end
    return chunks[1] or ""
  end

  local function take(count)
    local bytes = join()
    chunks, size = { bytes:sub(count + 1) }, size - count
    return bytes:sub(1, count)
  end

  --- The length of the next body; nil while its header is not whole; false when it is none.
  local function read_header()
    local head = join():sub(1, LONGEST_HEADER)
    local _, last = head:find("\r\n\r\n", 1, true)
    if not may_be_header(head:sub(1, last)) then return false end
    if not last then
      if #head == LONGEST_HEADER then return false end
      return nil
    end
    local found = ("\n" .. head:sub(1, last)):lower():match("\ncontent%-length:[ \t]*(%d+)[ \t]*\r\n")
    if not found or tonumber(found) > LONGEST_MESSAGE then return false end
    take(last)
    return tonumber(found)
  end

  return function(bytes)
    local messages = {}
    table.insert(chunks, bytes)
    size = size + #bytes
    while size > 0 or length do
      if length == nil then
        local header = read_header()
        if header == false then return messages, join():sub(1, 200) end
        length = header
      end
      if length == nil or size < length then break end
      local good, message = pcall(vim.json.decode, take(length), { luanil = { object = true, array = true } })
      if not good or type(message) ~= "table" then return messages, "a message that is no JSON object" end
      length = nil
      table.insert(messages, message)
    end
    return messages, nil
  end
end

return M
