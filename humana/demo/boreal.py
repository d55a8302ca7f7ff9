"""Boreal Logística: freight by road, under the LGPD and SOX."""

from __future__ import annotations

from humana.demo.shapes import DemoChat, DemoOrganization, DemoPerson
from humana.furnishing import Furniture, NewBrand, NewCompanion, NewPolicy
from tenants.models import Plan

FURNITURE = Furniture(
    values={
        "Pontualidade": "prazo é promessa",
    },
    policies=(
        NewPolicy(
            name="Dados de clientes e motoristas",
            regulation="LGPD",
            requirement="Não exponha dados de motoristas.",
        ),
        NewPolicy(
            name="Números com origem",
            regulation="SOX",
            requirement="Todo valor traz fonte e data.",
        ),
    ),
    brand=NewBrand(
        voice_and_tone="firme e cordial",
        style="comece pelo resultado",
        restrictions=("avise riscos", "não prometa prazos"),
    ),
    companions=(
        NewCompanion(
            name="Tomé",
            purpose="Rotas e prazos: replaneja entregas e prepara avisos de atraso.",
            base_prompt="Você é Tomé e planeja rotas e entregas com a operação.",
            starters=(
                "Explain what a delivery window is in two sentences.",
                "Write a polite note to a customer about a late delivery.",
                "Give me three ways to save fuel on the road.",
            ),
            team="Operação",
            position="Analista",
        ),
        NewCompanion(
            name="Joana",
            purpose="Controles internos: conciliações, evidências e conferência de faturas.",
            base_prompt="Você é Joana e confere faturas e controles internos.",
            starters=(
                "Explain what an invoice is in two sentences.",
                "Write a polite note asking for a missing receipt.",
                "Explain what an audit trail is in two sentences.",
            ),
            team="Controladoria",
            position="Analista",
        ),
        NewCompanion(
            name="Beatriz",
            purpose="Atende clientes de fora do Brasil, em inglês.",
            base_prompt="You are Beatriz. You write to customers abroad about freight, in plain English.",
            language="en",
            starters=(
                "Write a polite note to a customer about a late delivery.",
                "Write a short thank-you note after a delivery.",
                "Write a welcome e-mail to a new customer.",
            ),
            team="Atendimento",
            position="Analista",
        ),
    ),
)

CHAT = DemoChat(
    companion="Tomé",
    title="Serra interditada: replanejar as entregas de hoje",
    said=(
        "A serra fechou às 6h e hoje há três cargas para o litoral. Em que ordem saem pela rota alternativa?",
        """\
**Saia primeiro com a refrigerada.** Pela rota alternativa, cada viagem ganha cerca de 1h40, \
e só ela perde valor com a espera.

| Saída | Carga | Rota | Chegada estimada | Risco |
|---|---|---|---|---|
| 7h30 | Refrigerada | Anel oeste | 12h10 | Janela do cliente fecha às 13h |
| 8h15 | Autopeças | Anel oeste | 13h00 | Baixo |
| 10h00 | Móveis | Aguarda a serra | 15h30 | Remarcar se não abrir até as 11h |

*Fonte: boletim da concessionária, hoje, 6h20; tempos médios da operação em outubro.*

Antes de liberar:

- confirme com o cliente da refrigerada a **janela até as 13h**;
- abasteça antes do anel: não há posto com arla nos 90 km seguintes;
- deixe um motorista de sobreaviso, porque a jornada da primeira viagem passa de oito horas.

As chegadas são estimativas, não promessas. Quer o aviso para os três clientes?""",
        "Sim, um aviso curto que sirva para os três. Sem citar motorista.",
        """\
Um texto só, com os campos que mudam entre chaves:

```text
Bom dia, {cliente}.

A serra está interditada desde as 6h. Sua carga {número} segue por rota alternativa
e a chegada estimada passou para {hora}.

Atualizamos você às 10h ou antes, se algo mudar.
Boreal Logística
```

1. **Refrigerada**: envie já e peça a confirmação da janela.
2. **Autopeças**: envie na saída do caminhão.
3. **Móveis**: espere o boletim das 9h; até lá, não dê hora de chegada.

Não há nome, placa nem telefone de motorista em nenhum dos avisos.""",
    ),
)

BOREAL = DemoOrganization(
    slug="boreal",
    name="Boreal Logística",
    plan=Plan.BUSINESS,
    regulations=("LGPD", "SOX"),
    departments=("Operação", "Controladoria", "Atendimento"),
    positions=("Direção", "Gerência", "Analista"),
    people=(
        DemoPerson("bruno@boreal.example", "Bruno Azevedo", "owner", "Operação", "Direção"),
        DemoPerson("dora@boreal.example", "Dora Lins", "member", "Controladoria", "Analista"),
    ),
    furniture=FURNITURE,
    chat=CHAT,
)
